"""Backups: complete and private, also of a running bot; a restored one answers nobody twice and has lost nothing."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.lake_events import NOON, analysed
from tests.support.webhooks import KEYS
from tests.support.world import running_world
from twbot.lambdas.contracts import Entry, SendTweet, entry
from twbot.lambdas.errors import ErrorKind, TwbotError
from twbot.lambdas.wiring import RULES
from twbot.local import database
from twbot.local.adapters.idempotency import SqlitePersistence
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.backup import restore as restore_module
from twbot.local.backup import write as write_module
from twbot.local.backup.manifest import STAGING, refuse_half_restored
from twbot.local.backup.restore import BadBackup, Restored, restore_backup
from twbot.local.backup.write import Written, write_backup
from twbot.local.bus.bus import Bus
from twbot.local.bus.history import History
from twbot.local.bus.lock import Lock
from twbot.local.bus.store import AlreadyRunning
from twbot.local.data_folder import DataFolder
from twbot.local.lake.lake import Lake

REPLY = entry(SendTweet(text="hi", reply_to_user_id="1", reply_to_tweet_id="2"), dedup_key="reply:2")


def silent(_: str) -> None:
    pass


def backup(folder: Path, file: Path) -> Written:
    return write_backup(folder, file, silent)


def restore(file: Path, folder: Path, *, force: bool = False, resume: bool = False) -> Restored:
    return restore_backup(file, folder, force=force, resume=resume, on_progress=silent)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of a bot that has stopped: two events, one of them a reply that waits, keys, an hour of the lake."""
    home = DataFolder(tmp_path / "data")
    home.folder.mkdir(mode=0o700)
    with Bus(home.bus, RULES) as bus:
        bus.publish([Entry(source="BOT", detail_type="HELLO", detail={}), REPLY])
    SqlitePersistence(home.folder / "sent.db").close()
    FileSecrets(home.secrets).save(KEYS)
    Lake(home.lake).append([analysed("ann")])
    (home.folder / "run.json").write_text("{}")
    return home.folder


def contents(folder: Path) -> dict[str, bytes]:
    """What a folder holds: files by their path, databases as SQL."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".db":
            with contextlib.closing(sqlite3.connect(path)) as db:
                found[name] = "\n".join(db.iterdump()).encode()
        elif path.is_file() and not name.endswith((".lock", "-wal", "-shm", "run.json")):
            found[name] = path.read_bytes()
    return found


@pytest.mark.parametrize("name", ["backup.tar.gz", "backup.tar", "backup"])
def test_everything_comes_back(folder: Path, tmp_path: Path, name: str) -> None:
    """Every file but those of the process that ran; whoever else is on the machine can read none of it."""
    before = os.umask(0)
    try:
        written = backup(folder, tmp_path / name)
        restore(tmp_path / name, tmp_path / "restored", resume=True)
    finally:
        os.umask(before)
    assert contents(tmp_path / "restored") == contents(folder)
    assert not (tmp_path / "restored" / "run.json").exists()
    assert written.size == (tmp_path / name).stat().st_size
    paths = [tmp_path / name, tmp_path / "restored", *(tmp_path / "restored").rglob("*")]
    assert [path for path in paths if path.stat().st_mode & 0o077] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "data", "restored"])


def test_a_running_bots_backup_answers_nobody_twice_and_has_lost_nothing(tmp_path: Path) -> None:
    """Made in the middle of traffic, restored beside its simulated X: the bot has answered each post of before once.

    The copy of the simulated X is milliseconds older than the others, and lacks the replies of that time. X has them.
    """
    with running_world(tmp_path / "data") as world:
        early = [world.x.post(f"early{n}", "@twbot tell me a joke") for n in range(8)]
        while world.x.deliveries(state="pending"):
            pass  # they are acknowledged, and under way
        stop = threading.Event()

        def go_on() -> None:
            for number in range(100):
                if stop.is_set():
                    break
                world.x.post(f"late{number}", "@twbot tell me a fact")

        traffic = threading.Thread(target=go_on)
        traffic.start()
        backup(tmp_path / "data", tmp_path / "b.tar.gz")
        stop.set()
        traffic.join()
        world.settle()
    restored = restore(tmp_path / "b.tar.gz", tmp_path / "restored")
    assert restored.held == 0
    with running_world(tmp_path / "restored") as world:
        world.settle()
        answered = [post["reply_to"] for post in world.x.posts(author="twbot")]
        assert len(answered) == len(set(answered))
        for post in early:
            assert len(world.events(post, "TWEET_SENT")) == 1


def test_what_says_what_was_done_is_copied_after_what_waits(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulated X, then the bus, then the rest, all fixed before any is copied; the lake after the bus."""
    (folder / "x").mkdir()
    shutil.copy(folder / "sent.db", folder / "x" / "sim.db")
    opened: list[str] = []

    def open_snapshot(path: Path) -> Any:
        opened.append(path.relative_to(folder).as_posix())
        return database.open_snapshot(path)

    monkeypatch.setattr(write_module, "open_snapshot", open_snapshot)
    backup(folder, tmp_path / "b.tar")
    assert opened == ["x/sim.db", "bus.db", "sent.db"]
    with tarfile.open(tmp_path / "b.tar") as tar:
        names = tar.getnames()
    assert names[:3] == opened
    assert names[-1] == "backup.json"


def test_later_changes_are_in_no_copy(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment is fixed for all databases: what is done while the first is copied is not in the second."""
    add, began = write_module._Writer._add_database, threading.Event()

    def add_database(self: Any, tar: Any, name: str, database: Any) -> None:
        if not began.is_set():
            began.set()
            with Bus(folder / "bus.db", RULES) as bus:
                bus.publish([Entry(source="BOT", detail_type="LATER", detail={})])
        add(self, tar, name, database)

    monkeypatch.setattr(write_module._Writer, "_add_database", add_database)
    backup(folder, tmp_path / "b.tar")
    restore(tmp_path / "b.tar", tmp_path / "restored")
    with History(tmp_path / "restored" / "bus.db") as history:
        assert history.events_by_type() == {"HELLO": 1, "SEND_TWEET": 1}


def test_the_lake_is_whole_though_it_is_joined_meanwhile(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that a compaction takes away after they were listed are in the one that it made."""
    lake, read, done = Lake(folder / "lake"), write_module._read, list[int]()
    for author in ("ben", "cy", "dan"):
        lake.append([analysed(author)])

    def read_and_join(path: Path) -> tuple[bytes, float]:
        if "lake" in path.parts and not done:
            done.append(lake.compact(NOON.replace(hour=23)))
        return read(path)

    monkeypatch.setattr(write_module, "_read", read_and_join)
    backup(folder, tmp_path / "b.tar")
    assert done == [4]
    restore(tmp_path / "b.tar", tmp_path / "restored")
    found = Lake(tmp_path / "restored" / "lake").query('SELECT count(*) FROM "analysed-messages-table"')
    assert found.rows == [[4]]


@pytest.mark.parametrize(
    ("simulated", "resume", "held"), [(False, False, True), (False, True, False), (True, False, False)]
)
def test_what_waited_is_not_done_blindly(
    folder: Path, tmp_path: Path, simulated: bool, resume: bool, held: bool
) -> None:
    """X may have the reply by now: it is a dead letter with the reason, unless nothing can have happened in between."""
    if simulated:
        (folder / "x").mkdir()
        shutil.copy(folder / "sent.db", folder / "x" / "sim.db")
    backup(folder, tmp_path / "b.tar")
    restored = restore(tmp_path / "b.tar", tmp_path / "restored", resume=resume)
    with History(tmp_path / "restored" / "bus.db") as history:
        letters = {(each.rule, each.error) for each in history.dead_letters()}
        waiting = history.waiting()
    assert letters == ({("send-tweets", restore_module.REASON)} if held else set())
    assert (restored.held, waiting) == ((1, 4) if held else (0, 5))


def test_a_folder_in_use_is_left_alone(folder: Path, tmp_path: Path) -> None:
    """Also with --force."""
    backup(folder, tmp_path / "b.tar")
    before = contents(folder)
    lock = Lock(folder / "bus.db.lock")
    with pytest.raises(AlreadyRunning, match="Another twbot") as caught:
        restore(tmp_path / "b.tar", folder, force=True)
    assert "twbot down" in str(caught.value.hint)
    lock.release()
    assert contents(folder) == before


def test_what_is_there_is_never_overwritten(folder: Path, tmp_path: Path) -> None:
    """Neither a backup nor a folder; with --force the folder's content is beside the new one, all of it."""
    backup(folder, tmp_path / "b.tar")
    first = (tmp_path / "b.tar").read_bytes()
    with pytest.raises(TwbotError, match="is there already") as again:
        backup(folder, tmp_path / "b.tar")
    assert again.value.kind is ErrorKind.USAGE
    assert (tmp_path / "b.tar").read_bytes() == first
    (folder / "mine.txt").write_text("mine")
    before = contents(folder)
    with pytest.raises(TwbotError, match="not empty") as refused:
        restore(tmp_path / "b.tar", folder)
    assert "--force" in str(refused.value.hint)
    assert contents(folder) == before
    aside = restore(tmp_path / "b.tar", folder, force=True).aside
    assert aside is not None
    assert contents(aside) == before


def packed(members: list[tuple[tarfile.TarInfo, bytes]], file: Path) -> Path:
    with tarfile.open(file, "w") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file


def odd(name: str, **fields: Any) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(member, field, value)
    return member


ODD = [
    odd("/etc/passwd"),
    odd("../outside"),
    odd("lake/../../outside"),
    odd("./bus.db"),
    odd("lake//x"),
    odd("a\\b"),
    odd("a\nb"),
    odd(""),
    odd("bus.db.lock"),
    odd("run.json"),
    odd(".hidden"),
    odd("x/.hidden/y"),
    odd("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    odd("link", type=tarfile.LNKTYPE, linkname="bus.db"),
    odd("pipe", type=tarfile.FIFOTYPE),
    odd("disk", type=tarfile.BLKTYPE),
    odd("folder", type=tarfile.DIRTYPE),
    odd("secrets.json"),
    odd("secrets.json/below"),
]


@pytest.mark.parametrize("member", ODD, ids=lambda member: repr(member.name)[:30])
def test_a_member_that_is_no_plain_file_of_ours_is_refused(
    folder: Path, tmp_path: Path, member: tarfile.TarInfo
) -> None:
    """Nothing is written outside the folder, no link is made, nothing twice; and the folder stays empty."""
    backup(folder, tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as tar:
        members = [(each, tar.extractfile(each).read()) for each in tar]  # type: ignore[union-attr]
    file = packed([*members[:-1], (member, b""), members[-1]], tmp_path / "odd.tar")
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(BadBackup, match=r"odd\.tar is no backup of twbot"):
        restore(file, tmp_path / "restored")
    assert {path.name for path in (tmp_path / "restored").iterdir()} == {"bus.db.lock"}
    assert {path.name for path in tmp_path.iterdir()} == before | {"restored"}


def test_a_manifest_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A byte of it was damaged: decoding JSON raises UnicodeDecodeError then."""
    home = DataFolder(tmp_path / "data")
    home.folder.mkdir()
    with Bus(home.bus, RULES) as bus:
        bus.publish([REPLY])
    backup(home.folder, tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as tar:
        members = [(each, tar.extractfile(each).read()) for each in tar]  # type: ignore[union-attr]
    damaged = [(each, content.replace(b'"twbot"', b'"twb\x83t"')) for each, content in members]
    assert damaged != members
    with pytest.raises(BadBackup, match="no complete backup"):
        restore(packed(damaged, tmp_path / "odd.tar"), tmp_path / "restored")


@settings(max_examples=40, deadline=None)
@given(at=st.integers(0, 10**6), how=st.sampled_from(["cut", "flipped"]))
def test_a_damaged_backup_is_refused_before_anything_is_changed(
    tmp_path_factory: pytest.TempPathFactory, at: int, how: str
) -> None:
    """Cut off anywhere, or with any byte changed: it is said, and what is in the folder stays as it is."""
    tmp_path = tmp_path_factory.mktemp("damaged")
    home = DataFolder(tmp_path / "data")
    home.folder.mkdir()
    with Bus(home.bus, RULES) as bus:
        bus.publish([REPLY])
    (home.folder / "gallery.json").write_text("{}")
    content = bytearray(backup(home.folder, tmp_path / "b.tar.gz").file.read_bytes())
    at %= len(content)
    if how == "cut":
        del content[at:]
    else:
        content[at] ^= 0x55
    (tmp_path / "b.tar.gz").write_bytes(content)
    before = contents(home.folder)
    with contextlib.suppress(TwbotError):  # a byte that says nothing, such as the time in gzip's header, does no harm
        restore(tmp_path / "b.tar.gz", home.folder, force=True, resume=True)
    found = contents(home.folder)
    assert {name: found[name] for name in before} == before
    assert not (home.folder / STAGING).exists()


def test_a_damaged_database_is_not_backed_up_as_if_it_were_sound(folder: Path, tmp_path: Path) -> None:
    """It is named, with what to do; no file is left."""
    (folder / "sent.db").write_bytes(b"rubbish!" * 1000)
    with pytest.raises(TwbotError, match=r"data/sent\.db is damaged"):
        backup(folder, tmp_path / "b.tar")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_manifest_is_needed(folder: Path, tmp_path: Path) -> None:
    """Any other tar file is refused in words, and so is one of a newer twbot."""
    with pytest.raises(BadBackup, match=r"has no backup\.json"):
        restore(packed([(odd("bus.db"), b"")], tmp_path / "other.tar"), tmp_path / "restored")
    newer = json.dumps({"format": 2, "twbot": "9.9", "created": 1.0, "simulated": False, "files": []}).encode()
    with pytest.raises(BadBackup, match=r"newer twbot \(9\.9\)"):
        restore(packed([(odd("backup.json"), newer)], tmp_path / "newer.tar"), tmp_path / "restored")
    (tmp_path / "text.txt").write_text("hello")
    with pytest.raises(BadBackup, match="no backup of twbot"):
        restore(tmp_path / "text.txt", tmp_path / "restored")
    with pytest.raises(TwbotError, match="There is no file"):
        restore(tmp_path / "absent", tmp_path / "restored")


class Killed(BaseException):
    """The process ends here."""


@contextlib.contextmanager
def dying_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Let the process die right before the so manieth change of a name."""
    calls = [0]

    def dying(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            calls[0] += 1
            if calls[0] == step:
                raise Killed
            return function(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        for name in ("rename", "mkdir", "rmdir"):
            patch.setattr(Path, name, dying(getattr(Path, name)))
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)  # a process that dies tidies nothing up
        with contextlib.suppress(Killed):
            yield calls


@pytest.mark.parametrize("step", range(1, 26))
def test_a_restore_that_dies_loses_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """At any step: the old bot or the new one is there, or none that starts; typed again, it is done."""
    backup(folder, tmp_path / "b.tar")
    wanted = contents(folder)
    (folder / "mine.txt").write_text("mine")
    before = contents(folder)
    with dying_at(step, monkeypatch):
        restore(tmp_path / "b.tar", folder, force=True, resume=True)
    found = {name: content for name, content in contents(folder).items() if not name.startswith((STAGING, "before-"))}
    if (folder / "bus.db").exists():
        assert found in (before, wanted)
    else:
        with pytest.raises(TwbotError, match="was interrupted") as caught:
            refuse_half_restored(folder)
        assert "--force" in str(caught.value.hint)
    restore(tmp_path / "b.tar", folder, force=True, resume=True)
    now = contents(folder)
    assert {name: now[name] for name in wanted} == wanted
    assert b"mine" in now.values()
    assert not (folder / STAGING).exists()


def test_older_copies_and_backups_are_left_out(folder: Path, tmp_path: Path) -> None:
    """Backups in the folder itself do not pile up; the lake may be on another disk, other links are named."""
    for name in ("bus.db.before-v2", "old.tar.gz", "up.log", "console.json"):
        (folder / name).write_bytes(b"x")
    (folder / "lake").rename(tmp_path / "big-disk")
    (folder / "lake").symlink_to(tmp_path / "big-disk")
    (folder / "media" / "1").mkdir(parents=True)
    (folder / "media" / "1" / "link.jpg").symlink_to("/etc/hostname")
    written = backup(folder, folder / "new.tar")
    names = [each.name for each in written.manifest.files]
    assert [name for name in names if name.startswith("lake/")]
    assert not {"bus.db.before-v2", "old.tar.gz", "new.tar", "up.log", "run.json", "console.json"} & set(names)
    assert written.skipped == ["media/1/link.jpg"]


def test_an_event_that_is_published_twice_after_a_restore_is_one(folder: Path, tmp_path: Path) -> None:
    """The deduplication keys are in the backup: what X sends again is known."""
    backup(folder, tmp_path / "b.tar")
    restore(tmp_path / "b.tar", tmp_path / "restored", resume=True)
    with Bus(tmp_path / "restored" / "bus.db", RULES) as bus:
        waiting = bus.waiting
        bus.publish([REPLY])
        assert bus.waiting == waiting
