"""The lines of the log, alike on both platforms: timestamp, level, logger, message, correlation_id, and more."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

Line = dict[str, Any]
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
# Levels of Lambda's own lines, and of other loggers.
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
_OTHER_NAMES = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}


class LogFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines of the log to show. A field that is None takes all."""

    service: str | None = None
    """A microservice, or one of its functions."""
    tweet_id: str | None = None
    level: str = "INFO"
    """This level, and those above it."""
    since: datetime.datetime | None = None
    """From this time on."""
    until: datetime.datetime | None = None
    """Before this time."""

    def takes(self, line: Line) -> bool:
        """Return whether the filter takes a line."""
        if self.service and self.service not in {logger_of(line), line.get("function")}:
            return False
        if self.tweet_id and line.get("correlation_id") != self.tweet_id:
            return False
        if LEVELS.index(level(line)) < LEVELS.index(self.level):
            return False
        if not (self.since or self.until):
            return True
        at = datetime.datetime.fromisoformat(line["timestamp"])
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def level(line: Line) -> str:
    """Return the level of a line, one of LEVELS."""
    name = str(line.get("level", "INFO")).upper()
    found = _OTHER_NAMES.get(name, name)
    return found if found in LEVELS else "INFO"


def logger_of(line: Line) -> str:
    """Return the service of a line: `egress` for the logger `twbot.egress`."""
    return str(line.get("logger", "")).removeprefix("twbot.")
