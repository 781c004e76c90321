"""The lock of a data folder: the operating system says which process works on it, not a number in a file."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import AbstractContextManager
from pathlib import Path

from twbot.local.bus.store import AlreadyRunning
from twbot.local.database import StorageError

# `holder` takes the lock for a moment, and after a kill -9 the process that posts replies (local/egress/) has it until
# it has ended: a process that starts just then tries again for so long.
RETRY_SECONDS = 1.5
RETRY_INTERVAL = 0.02


class Lock(AbstractContextManager["Lock"]):
    """The lock of the one process that may write to the data. Raises StorageError, AlreadyRunning.

    The operating system releases it when the process ends, even by `kill -9`: no stale lock is left to remove. It works
    across containers that share the folder, where process ids mean nothing.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"Cannot write to {path.parent}: {error.strerror}.") from None
        try:
            _take(self._file)
        except BlockingIOError:
            self.release()
            raise AlreadyRunning(f"Another twbot is running on {path.parent}.") from None
        except OSError as error:
            self.release()
            raise StorageError(f"Cannot lock {path}: {error.strerror}.") from None
        self.identity = os.urandom(16).hex()
        """The name of this holder, which the file holds while the lock is held."""
        # Always of the same length: a reader never sees a part of it.
        os.pwrite(self._file, self.identity.encode(), 0)

    def fileno(self) -> int:
        """Return the descriptor, for a process of the holder's: the lock is held until that has ended, too."""
        # flock() belongs to the open file, which a child shares: https://man7.org/linux/man-pages/man2/flock.2.html
        if self._file is None:
            raise ValueError("the lock is released")
        return self._file

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __exit__(self, *_: object) -> None:
        self.release()


def holder(path: Path) -> str | None:
    """Return the identity of the process that holds the lock, empty for a twbot without one; None where none does."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # A shared lock: any number of readers ask at the same time.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(file, 64).decode("ascii", "replace")
    except OSError:
        return None
    finally:
        os.close(file)
    return None


def has_open(pid: int, path: Path) -> bool:
    """Return whether this process has the file open, by Linux's /proc; False where that can't be told."""
    # https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html
    try:
        wanted = path.stat()
        descriptors = list(os.scandir(f"/proc/{pid}/fd"))
    except OSError:
        return False
    return any(_is_same(Path(each.path), wanted) for each in descriptors)


def _is_same(descriptor: Path, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(descriptor.stat(), wanted)
    except OSError:
        return False


def _take(file: int) -> None:
    until = time.monotonic() + RETRY_SECONDS
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise
            time.sleep(RETRY_INTERVAL)
