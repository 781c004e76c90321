"""The log of the local platform: JSON lines as Powertools writes them on AWS, in files that cannot grow without end."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from twbot.lambdas.log_context import current_tweet

OLDER = 3
OURS = ("twbot", "lambdas", "local")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object a line: timestamp, level, logger, message, correlation_id, and what `extra` gave."""

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
    """The older ones first; only those that are there."""
    names = [*(path.with_name(f"{path.name}.{number}") for number in range(OLDER, 0, -1)), path]
    return [each for each in names if each.exists()]


def lines_of(path: Path, tweet_id: str | None = None) -> Iterator[dict[str, Any]]:
    """The log's lines, the oldest first; of one post, where that is asked for. What is half written is left out."""
    wanted = tweet_id.encode() if tweet_id is not None else b""
    for each in log_files(path):
        with each.open("rb") as file:
            for text in file:
                line = decode_line(text) if wanted in text else None
                if line is not None and (tweet_id is None or line.get("correlation_id") == tweet_id):
                    yield line


def scan(path: Path, having: bytes, *, last: int | None = None) -> Iterator[dict[str, Any]]:
    """The lines of one file that hold these bytes; of its `last` bytes only, where that is said."""
    with path.open("rb") as file:
        if last is not None and (size := os.fstat(file.fileno()).st_size) > last:
            file.seek(size - last)
            file.readline()  # the rest of a line
        for text in file:
            if having in text and (line := decode_line(text)) is not None:
                yield line


def newest_lines(path: Path, last: int, having: bytes) -> list[dict[str, Any]]:
    """Of the log's last bytes, those lines that hold these; across a file that was just begun."""
    return [line for each in log_files(path)[-2:] for line in scan(each, having, last=last)]


def decode_line(text: bytes) -> dict[str, Any] | None:
    """None for what is no line of ours."""
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


@contextlib.contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Send what our code logs to this file, its owner's only: 10 MB, and three older ones."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=10_000_000, backupCount=OLDER, encoding="utf-8")
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
    """twbot.egress for twbot.lambdas.egress.images: who reads the log thinks in services."""
    return ".".join(("twbot", *logger.split(".")[1:2]))
