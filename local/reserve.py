"""Room on the disk that is kept back, so that commands that stop or restrict the bot work when the disk is full.

The bot fills the reserve when it has room. A write that finds no room frees one part of it and is tried again at once.
See docs/decisions/0013-this-machine-and-what-comes-from-outside.md.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from twbot.local.database import StorageError
from twbot.local.private_files import create_private

PARTS = 8
PART_BYTES = 131_072
_FULL = (errno.ENOSPC, errno.EDQUOT)
# SQLite says FULL, or IOERR or CANTOPEN where the file beside the database does not fit.
# https://www.sqlite.org/rescode.html
_FULL_SQLITE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)

Result = TypeVar("Result")


def fill_reserve(folder: Path, *, keep_free: int) -> None:
    """Write the parts of the data folder's reserve that are missing, unless less than `keep_free` bytes are free."""
    with contextlib.suppress(OSError):
        for path in _parts(folder):
            if shutil.disk_usage(folder).free < keep_free:
                return
            if not path.exists():
                path.parent.mkdir(exist_ok=True, mode=0o700)
                # Random bytes: a file system that compresses would keep no room for zeros.
                with create_private(path) as file:
                    file.write(os.urandom(PART_BYTES))


def with_reserve(folder: Path, write: Callable[[], Result]) -> Result:
    """Run `write`. As often as the disk is full, free a part of the data folder's reserve and run it again."""
    while True:
        try:
            return write()
        except (OSError, sqlite3.Error, StorageError) as error:
            if not _is_full(error) or not _free_part(folder):
                raise


def _parts(folder: Path) -> list[Path]:
    return [folder / "reserve" / str(number) for number in range(PARTS)]


def _free_part(folder: Path) -> bool:
    """Remove one part. Return whether there was one."""
    for path in _parts(folder):
        with contextlib.suppress(OSError):
            path.unlink()
            return True
    return False


def _is_full(error: BaseException) -> bool:
    if isinstance(error, StorageError) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, OSError):
        return error.errno in _FULL
    # The low byte is the error's class. Python leaves the code out where SQLite gave none.
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _FULL_SQLITE
