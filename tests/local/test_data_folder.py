"""The data folder: its owner's only, whatever was there before; and whether a bot runs on it."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.running import pretend_running
from twbot.lambdas.errors import TwbotError
from twbot.local import private_files
from twbot.local.bus.lock import Lock
from twbot.local.data_folder import DataFolder, RunInfo, make_private, running_bot, write_run_info
from twbot.local.private_files import NotOurs, create_private, keep_tail, open_private

RUN = RunInfo(os.getpid(), "http://127.0.0.1:1/twitter", 1.0)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("before", [None, 0o755, 0o777, 0o2775, 0o700])
def test_is_private_even_if_it_was_there(tmp_path: Path, before: int | None) -> None:
    """Nobody else may look into it, whatever its mode was."""
    folder = tmp_path / "data"
    if before is not None:
        folder.mkdir()
        folder.chmod(before)
    make_private(folder)
    assert mode(folder) & 0o077 == 0
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("owner", "user", "bits", "taken"),
    [
        (1000, 1000, 0o755, True),
        (1000, 1001, 0o755, False),
        (1000, 1001, 0o777, False),
        # A container as root on a volume of a user.
        (1000, 0, 0o755, True),
        # A volume that root owns and a group may write to, and a process without root's rights.
        (0, 1000, 0o2775, True),
        (0, 1000, 0o777, False),
        # A folder for all users, as for temporary files.
        (0, 0, 0o1777, False),
        (1000, 1000, 0o1777, False),
    ],
)
def test_a_folder_of_others_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: int, user: int, bits: int, taken: bool
) -> None:
    """Another user could replace its files. The superuser could in any case, and may use everybody's."""
    found = os.stat_result((stat.S_IFDIR | bits, 1, 1, 1, owner, owner, 0, 0, 0, 0))
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(Path, "stat", lambda *_, **__: found)
    monkeypatch.setattr(Path, "lstat", lambda _: found)
    monkeypatch.setattr(Path, "chmod", lambda *_: None)
    monkeypatch.setattr(Path, "resolve", lambda path: path)
    with contextlib.nullcontext() if taken else pytest.raises(NotOurs):
        private_files.claim_folder(tmp_path)


def test_planted_links_are_not_followed(tmp_path: Path) -> None:
    """Neither by the probe nor by a new file: what they lead to stays as it is."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    folder = make_private(tmp_path / "data")
    home = DataFolder(folder)
    for name in (".writable", "run.new", "up.log", "twbot.log"):
        (folder / name).symlink_to(victim)
    make_private(folder)
    write_run_info(folder, RUN)
    create_private(home.output).close()
    with pytest.raises(OSError):  # noqa: PT011 - ELOOP, or EMLINK on BSD
        open_private(home.log, os.O_WRONLY | os.O_CREAT)
    assert victim.read_text() == "mine"
    assert mode(home.run) == mode(home.output) == 0o600


def test_a_full_disk_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that stop or restrict the bot go on; a read-only folder is one."""

    def fail(number: int) -> Any:
        def make(**_: object) -> Any:
            raise OSError(number, os.strerror(number))

        return make

    monkeypatch.setattr("tempfile.TemporaryFile", fail(errno.ENOSPC))
    make_private(tmp_path)
    monkeypatch.setattr("tempfile.TemporaryFile", fail(errno.EROFS))
    with pytest.raises(TwbotError, match="Read-only"):
        make_private(tmp_path)


def test_a_bot_runs_while_it_holds_the_lock(tmp_path: Path) -> None:
    """A number in a file says nothing: it may be another process's by now, this one's too."""
    write_run_info(tmp_path, RUN)
    assert running_bot(tmp_path) is None
    with pretend_running(tmp_path, RUN) as run:
        assert running_bot(tmp_path) == run
    assert running_bot(tmp_path) is None
    with Lock(DataFolder(tmp_path).lock):  # a bot that starts, or another command, beside what a killed bot left
        assert running_bot(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff\xfe"])
def test_a_damaged_record_is_no_bot(tmp_path: Path, content: bytes) -> None:
    """Whatever is in it."""
    with Lock(DataFolder(tmp_path).lock):
        DataFolder(tmp_path).run.write_bytes(content)
        assert running_bot(tmp_path) is None


def test_a_record_of_an_older_twbot_is_read(tmp_path: Path) -> None:
    """It has no name for the holder of the lock."""
    older = {"pid": 7, "url": "http://127.0.0.1:1", "started": 1.0, "control_token": "x"}
    DataFolder(tmp_path).run.write_bytes(msgspec.json.encode(older))
    assert running_bot(tmp_path) is None


def test_a_long_output_is_cut(tmp_path: Path) -> None:
    """Its end stays, and whoever writes to it goes on behind that."""
    path = tmp_path / "up.log"
    with create_private(path) as file:
        file.write(b"a" * 900 + b"b" * 100)
        file.flush()
        keep_tail(path, longer_than=2000, tail=100)
        assert path.stat().st_size == 1000
        keep_tail(path, longer_than=500, tail=100)
        file.write(b"c")
    assert path.read_bytes() == b"b" * 100 + b"c"
    keep_tail(tmp_path / "none", longer_than=1, tail=1)


@pytest.mark.parametrize("name", ["lake", "media", "x", "reserve"])
def test_a_link_in_the_place_of_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    """What people wrote goes nowhere but into the data folder."""
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "data"
    elsewhere.mkdir()
    folder.mkdir(mode=0o700)
    (folder / name).symlink_to(elsewhere)
    with pytest.raises(NotOurs, match=f"{name} is a link"):
        make_private(folder)


@pytest.mark.parametrize(("mode", "is_refused"), [(0o777, True), (0o775, True), (0o755, False), (0o700, False)])
def test_links_that_others_could_plant_are_refused_at_any_depth(tmp_path: Path, mode: int, is_refused: bool) -> None:
    """In a folder that nobody else could write to they are the owner's."""
    hour = tmp_path / "data" / "lake" / "2026"
    hour.mkdir(parents=True)
    (hour / "11").symlink_to(tmp_path)
    hour.parent.parent.chmod(mode)
    with pytest.raises(NotOurs, match="11 is a link") if is_refused else contextlib.nullcontext():
        make_private(hour.parent.parent)
