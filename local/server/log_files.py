"""The log of the local platform: JSON lines with the fields of Powertools' logger on AWS, in rotated files."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import time
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any, cast

import msgspec

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.log_context import current_tweet
from twbot.local.private_files import link_or_reason, open_private

OLDER = 3
OURS = ("twbot", "lambdas", "local")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object: timestamp, level, logger, message, correlation_id and the fields of `extra`.

    https://docs.aws.amazon.com/powertools/python/latest/core/logger/
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{record.msecs:03.0f}Z",
            "level": record.levelname,
            "logger": _service(record.name),
            "message": record.getMessage(),
            "correlation_id": current_tweet(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


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
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


class PrivateLog(logging.handlers.RotatingFileHandler):
    """A rotated log that is readable by its owner only, as it has texts of posts. It follows no link."""

    def _open(self) -> TextIOWrapper:
        # Each new file after a rotation is opened here, too.
        file = open(self.baseFilename, self.mode, encoding=self.encoding, errors=self.errors, opener=open_private)  # noqa: SIM115
        return cast(TextIOWrapper, file)


@contextlib.contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Log twbot's own records into this file within the context. It is rotated at 10 MB, and three older ones remain.

    Raises TwbotError where the file can't be written.
    https://docs.python.org/3/library/logging.handlers.html#rotatingfilehandler
    """
    try:
        handler = PrivateLog(path, maxBytes=10_000_000, backupCount=OLDER, encoding="utf-8")
    except OSError as error:
        raise TwbotError(f"Cannot write to {path}: {link_or_reason(path, error)}.") from None
    formatter = JsonLines()
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    loggers = [logging.getLogger(name) for name in OURS]
    for logger in loggers:
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        handler.close()


def _service(logger: str) -> str:
    """Shorten a logger's name to its service: readers of the log think in services, not in modules."""
    return ".".join(("twbot", *logger.split(".")[1:2]))
