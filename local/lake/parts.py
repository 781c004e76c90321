"""The lake's files as they are on the disk: reads them to their end, and joins those that are whole."""

from __future__ import annotations

import errno
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from twbot.local.database import StorageError

FILES = "*.jsonl.gz"
HOURS = "[0-9]*/[0-9]*/[0-9]*/[0-9]*"
GZIP = 16 + zlib.MAX_WBITS  # https://docs.python.org/3/library/zlib.html#zlib.decompress
EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
CHUNK = 1 << 16  # bytes that are decompressed at once: at most a thousand times as many come out


class Part(NamedTuple):
    """A file of the lake."""

    path: Path
    content: bytes
    """As it is on the disk, compressed."""
    problem: str | None
    """Why it can't be read to its end, None where it can."""
    ends: bool
    """Whether its last line has an end."""


def newest_first(folder: Path) -> Iterator[Path]:
    """Yield the files of a lake's folder, those of the newest hour first. Folders are listed when it is their turn."""

    def within(parent: Path, levels: int) -> Iterator[Path]:
        for each in sorted(parent.glob("[0-9]*" if levels else FILES), reverse=True):
            yield from within(each, levels - 1) if levels else [each]

    yield from within(folder, HOURS.count("/") + 1)


def read_part(path: Path) -> Part | None:
    """Read a file to its end. None where it is gone. Raises StorageError where this machine lacks what it takes."""
    try:
        content = path.read_bytes()
        return Part(path, content, None, _last_byte(content) in (b"", b"\n"))
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in EXHAUSTED:  # says nothing about the file
            raise StorageError(f"{path} can't be read now: {error.strerror}.") from error
        return Part(path, b"", error.strerror or str(error), ends=False)
    except (ValueError, zlib.error) as error:
        return Part(path, content, str(error), ends=False)


def joined(parts: Sequence[Part]) -> bytes:
    """Return one file with the lines of all."""
    import gzip

    # Joined gzip files are a gzip file: https://www.rfc-editor.org/rfc/rfc1952#section-2.2
    return b"".join(part.content + (b"" if part.ends else gzip.compress(b"\n")) for part in parts)


def _last_byte(content: bytes) -> bytes:
    """Decompress everything and return the last byte. Raises ValueError and zlib.error where something is wrong.

    Stricter than the gzip module, which takes an empty file and zeros after the end: what a reader thinks of these
    followed by another file is not said anywhere.
    """
    if not content:
        raise ValueError("it is empty")
    last, view, at = b"", memoryview(content), 0
    member = zlib.decompressobj(GZIP)
    while at < len(view):
        chunk = view[at : at + CHUNK]
        last = member.decompress(chunk)[-1:] or last
        at += len(chunk) - len(member.unused_data)
        if member.eof and at < len(view):
            member = zlib.decompressobj(GZIP)
    if not member.eof:
        raise ValueError("it is cut off")
    return last
