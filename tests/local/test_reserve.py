"""The reserve: a full disk keeps nobody from stopping or restricting the bot."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from twbot.lambdas.egress.permission import Switch
from twbot.lambdas.errors import Temporary
from twbot.local.adapters.replies import LocalReplies
from twbot.local.reserve import PART_BYTES, PARTS, fill_reserve, with_reserve


def parts(folder: Path) -> int:
    return len(list((folder / "reserve").iterdir()))


def full(code: int = sqlite3.SQLITE_FULL) -> sqlite3.Error:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = code
    return error


def test_is_filled_once_and_after_use(tmp_path: Path) -> None:
    """With parts that take room, and not while the disk has too little for the bot itself."""
    fill_reserve(tmp_path, keep_free=2**62)
    assert not (tmp_path / "reserve").exists()
    for _ in range(2):
        fill_reserve(tmp_path, keep_free=0)
        assert parts(tmp_path) == PARTS
    assert {each.stat().st_size for each in (tmp_path / "reserve").iterdir()} == {PART_BYTES}


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        full(),
        full(sqlite3.SQLITE_IOERR | 19 << 8),  # SQLITE_IOERR_SHMSIZE
        full(sqlite3.SQLITE_CANTOPEN),
    ],
)
def test_a_write_that_finds_no_room_gets_some(tmp_path: Path, error: Exception) -> None:
    """One part for each attempt, as long as there are any; then the error is the caller's."""
    fill_reserve(tmp_path, keep_free=0)
    left = 3

    def write() -> str:
        if parts(tmp_path) > left:
            raise error
        return "written"

    assert with_reserve(tmp_path, write) == "written"
    assert parts(tmp_path) == left
    left = -1
    with pytest.raises(type(error)):
        with_reserve(tmp_path, write)
    assert parts(tmp_path) == 0


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "no"), full(sqlite3.SQLITE_CORRUPT)])
def test_other_errors_free_nothing(tmp_path: Path, error: Exception) -> None:
    """Room is no help against them."""
    fill_reserve(tmp_path, keep_free=0)

    def write() -> None:
        raise error

    with pytest.raises(type(error)):
        with_reserve(tmp_path, write)
    assert parts(tmp_path) == PARTS


class FullDisk:
    """SQLite on a disk that is full until parts of the reserve are gone."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._connect = folder, sqlite3.connect

    def connect(self, *arguments: object, **more: object) -> sqlite3.Connection:
        if parts(self._folder) > PARTS - 2:
            raise full()
        return self._connect(*arguments, **more)  # type: ignore[call-overload, no-any-return]


def test_replies_are_paused_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And people opt out; without the reserve it is said, and nothing is posted in doubt."""
    fill_reserve(tmp_path, keep_free=0)
    monkeypatch.setattr("twbot.local.database.sqlite3.connect", FullDisk(tmp_path).connect)
    store = LocalReplies(tmp_path / "replies.db")
    store.save(Switch(paused=True))
    store.opt_out("7")
    assert store.switch().paused
    assert store.opted_out("7")
    assert parts(tmp_path) == PARTS - 2
    store.close()


def test_without_a_reserve_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the words of the disk."""

    def connect(*_: object, **__: object) -> sqlite3.Connection:
        raise full()

    monkeypatch.setattr("twbot.local.database.sqlite3.connect", connect)
    with pytest.raises(Temporary, match="full"):
        LocalReplies(tmp_path / "replies.db").save(Switch(paused=True))
