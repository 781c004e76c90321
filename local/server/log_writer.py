"""Writes the log of the local platform: JSON lines with the fields of Powertools' logger on AWS, in rotated files."""

from __future__ import annotations

import contextlib
import functools
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
from twbot.local.server.log_files import OLDER

OURS = ("twbot", "lambdas", "local")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
MAX_BYTES = 10_000_000  # of a file, before the next one begins


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields of `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object: timestamp, level, logger, message, correlation_id and the fields of `extra`.

    https://docs.aws.amazon.com/powertools/python/latest/core/logger/
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "timestamp": f"{_second(int(record.created))}.{record.msecs:03.0f}Z",
            "level": record.levelname,
            "logger": _service(record.name),
            "message": record.getMessage(),
            "correlation_id": current_tweet(),
        }
        line |= fields_of(record)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


class PrivateLog(logging.handlers.RotatingFileHandler):
    """A rotated log that is readable by its owner only, as it has texts of posts. It follows no link."""

    def _open(self) -> TextIOWrapper:
        # Each new file after a rotation is opened here, too.
        file = open(self.baseFilename, self.mode, encoding=self.encoding, errors=self.errors, opener=open_private)  # noqa: SIM115
        self._size = os.fstat(file.fileno()).st_size
        return cast(TextIOWrapper, file)

    def emit(self, record: logging.LogRecord) -> None:
        # The inherited method makes each line twice, and asks for the file's size, to find out whether it still fits.
        try:
            line = self.format(record) + self.terminator
            size = len(line.encode())
            if self._size + size > self.maxBytes:
                self.doRollover()
            if self.stream is None:  # it was closed
                self.stream = self._open()
            self.stream.write(line)
            self.flush()
            self._size += size
        except Exception:
            self.handleError(record)


@contextlib.contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Log twbot's own records into this file within the context. It is rotated at 10 MB, and three older ones remain.

    Raises TwbotError where the file can't be written.
    https://docs.python.org/3/library/logging.handlers.html#rotatingfilehandler
    """
    try:
        handler = PrivateLog(path, maxBytes=MAX_BYTES, backupCount=OLDER, encoding="utf-8")
    except OSError as error:
        raise TwbotError(f"Cannot write to {path}: {link_or_reason(path, error)}.") from None
    handler.setFormatter(JsonLines())
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


@functools.lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


@functools.cache
def _service(logger: str) -> str:
    """Shorten a logger's name to its service: readers of the log think in services, not in modules."""
    return ".".join(("twbot", *logger.split(".")[1:2]))
