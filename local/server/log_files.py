"""Reads the log of the local platform: JSON lines in rotated files, which log_writer.py writes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

OLDER = 3


def log_files(path: Path) -> list[Path]:
    """Return the log's existing files, oldest first."""
    names = [*(path.with_name(f"{path.name}.{number}") for number in range(OLDER, 0, -1)), path]
    return [each for each in names if each.exists()]


def lines_of(path: Path, tweet_id: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the log's lines, oldest first, of all posts or of one. An unfinished line is left out."""
    # Search the bytes before decoding: a trace of one post would otherwise decode up to 40 MB of JSON.
    needle = tweet_id.encode() if tweet_id is not None else b""
    for each in log_files(path):
        with each.open("rb") as file:
            for text in file:
                line = decode_line(text) if needle in text else None
                if line is not None and (tweet_id is None or line.get("correlation_id") == tweet_id):
                    yield line


def scan(path: Path, having: bytes, *, last: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the lines of one file that contain these bytes. `last`: search only so many bytes at the file's end."""
    with path.open("rb") as file:
        if last is not None and (size := os.fstat(file.fileno()).st_size) > last:
            file.seek(size - last)
            file.readline()  # skip the line that `last` begins in
        for text in file:
            if having in text and (line := decode_line(text)) is not None:
                yield line


def newest_lines(path: Path, last: int, having: bytes) -> list[dict[str, Any]]:
    """Return the lines within the last `last` bytes of each of the two newest files that contain these bytes."""
    # Two files: the newest may have been rotated a moment ago and be empty.
    return [line for each in log_files(path)[-2:] for line in scan(each, having, last=last)]


def decode_line(text: bytes) -> dict[str, Any] | None:
    """Decode one line, None where it is no JSON object."""
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
