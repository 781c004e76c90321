"""The lock of a data folder: one process works on it, and anybody can ask whether one does."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from twbot.local.bus.lock import Lock, has_open, holder
from twbot.local.bus.store import AlreadyRunning
from twbot.local.database import StorageError

HOLD = """
import sys, time
from pathlib import Path
from twbot.local.bus.lock import Lock
print(Lock(Path(sys.argv[1])).identity, flush=True)
time.sleep(600)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bus.db.lock"


def test_one_holds_it_and_says_who(path: Path) -> None:
    """A second is refused; once released the next has it, under another name."""
    assert holder(path) is None
    with Lock(path) as first:
        assert holder(path) == first.identity
        with pytest.raises(AlreadyRunning):
            Lock(path)
    assert holder(path) is None
    with Lock(path) as second:
        assert holder(path) == second.identity != first.identity


def test_a_killed_process_holds_nothing(path: Path) -> None:
    """Not even while its file still names it."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        identity = process.stdout.readline().strip()
        assert holder(path) == identity
        assert has_open(process.pid, path)
        process.kill()
    assert holder(path) is None
    assert path.read_text() == identity
    assert not has_open(process.pid, path)


def test_who_asks_keeps_nobody_from_starting(path: Path) -> None:
    """Many ask all the time, and a process takes the lock again and again."""
    Lock(path).release()
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            holder(path)

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for each in asking:
        each.start()
    try:
        for _ in range(50):
            Lock(path).release()
    finally:
        ended.set()
        for each in asking:
            each.join()


def test_a_start_waits_for_who_asks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader has the lock for a moment: the process tries again."""
    Lock(path).release()
    reader = os.open(path, os.O_RDONLY)
    fcntl.flock(reader, fcntl.LOCK_SH)
    monkeypatch.setattr(time, "sleep", lambda _: os.close(reader))
    with Lock(path) as lock:
        assert holder(path) == lock.identity


def test_only_its_owner_may_open_it_and_links_are_not_followed(path: Path) -> None:
    """Whoever could open it could hold it, and keep the bot down."""
    Lock(path).release()
    assert path.stat().st_mode & 0o077 == 0
    link = path.with_name("link")
    link.symlink_to(path)
    with pytest.raises(StorageError):
        Lock(link)
    assert holder(link) is None


def test_an_older_twbot_holds_it_without_a_name(path: Path) -> None:
    """It wrote nothing into the file."""
    path.touch()
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert holder(path) == ""
