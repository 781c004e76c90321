"""The media store of the local platform: files in one folder, for a day."""

from __future__ import annotations

import os
import re
import stat
import tempfile
import time
from pathlib import Path

from twbot.lambdas.errors import Permanent, Temporary

RETENTION_SECONDS = 86_400
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")


class FileMedia:
    """A MediaStore. A key names a file in the folder, `1050118621198921728/ab12.jpg`; half a file is never seen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, data: bytes, content_type: str) -> None:  # noqa: ARG002 - the name's ending tells it
        path = self.path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_whole(path, data)
        except OSError as error:
            raise Temporary(f"Cannot keep the picture {key}: {error.strerror}.") from None

    def get(self, key: str) -> bytes:
        """Raises KeyError where the key is not there (any more)."""
        try:
            return self.path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, Permanent):
            raise KeyError(key) from None

    def path(self, key: str) -> Path:
        """The file of a key. Raises Permanent for one that would leave the folder."""
        names = key.split("/")
        if len(names) > 4 or not all(map(_NAME.fullmatch, names)):
            raise Permanent(f"Not a key of a picture: {key[:100]!r}.")
        return self._folder.joinpath(*names)

    def prune(self, older_than: float = RETENTION_SECONDS) -> int:
        """Delete the files older than this many seconds, and folders left empty; how many files."""
        oldest = time.time() - older_than
        stale = [path for path in self._folder.rglob("*") if _is_file_from_before(path, oldest)]
        for path in stale:
            path.unlink(missing_ok=True)
            _remove_if_empty(path.parent)
        return len(stale)


def _is_file_from_before(path: Path, moment: float) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:  # a file that was being written has its name now
        return False
    return stat.S_ISREG(found.st_mode) and found.st_mtime < moment


def _write_whole(path: Path, data: bytes) -> None:
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(fresh).replace(path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # there is something in it
        return
