"""The media store of the local platform: files in one folder, deleted after a day."""

from __future__ import annotations

import os
import re
import stat
import tempfile
import time
from pathlib import Path

from twbot.lambdas.errors import MachineFault, Permanent

RETENTION_SECONDS = 86_400
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")


class FileMedia:
    """A MediaStore in a folder. A key is a path in it, such as `1050118621198921728/ab12.jpg`.

    Files appear whole or not at all.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, data: bytes, content_type: str) -> None:  # noqa: ARG002 - the key's suffix has the type
        """Write a file. Raises Permanent for a bad key, MachineFault where it can't be written."""
        path = self.path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_whole(path, data)
        except OSError as error:
            raise MachineFault(f"Cannot keep the picture {key}: {error.strerror}.") from None

    def get(self, key: str) -> bytes:
        """Return the file's bytes. Raises KeyError where it does not exist or was pruned."""
        try:
            return self.path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, Permanent):
            raise KeyError(key) from None

    def path(self, key: str) -> Path:
        """Return the file of a key. Raises Permanent for a key that is not one to four plain names."""
        # Keys come from events. A name can't begin with a dot, so no key leaves the folder by `..`.
        names = key.split("/")
        if len(names) > 4 or not all(map(_NAME.fullmatch, names)):
            raise Permanent(f"Not a key of a picture: {key[:100]!r}.")
        return self._folder.joinpath(*names)

    def prune(self, older_than: float = RETENTION_SECONDS, replies_before: float | None = None) -> int:
        """Delete the pictures of posts older than `older_than` seconds, and empty folders. Return the number of files.

        A reply's pictures are kept with its words, for as long as the archive: until `replies_before` (epoch seconds).
        """
        oldest, replies = time.time() - older_than, self._folder / "replies"
        stale = [
            path
            for path in self._folder.rglob("*")
            if _is_file_from_before(path, (replies_before or 0.0) if path.is_relative_to(replies) else oldest)
        ]
        for path in stale:
            path.unlink(missing_ok=True)
            _remove_if_empty(path.parent)
        return len(stale)


def _is_file_from_before(path: Path, moment: float) -> bool:
    try:
        status = path.stat()
    except FileNotFoundError:  # a temporary file that was renamed meanwhile
        return False
    return stat.S_ISREG(status.st_mode) and status.st_mtime < moment


def _write_whole(path: Path, data: bytes) -> None:
    # Rename a finished file into place: a reader never sees half of it. https://docs.python.org/3/library/os.html#os.replace
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
    except OSError:  # not empty
        return
