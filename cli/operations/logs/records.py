"""Lines of the log, as both platforms show them: timestamp, level, logger, message, correlation_id, and more."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

Line = dict[str, Any]
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_OTHER_NAMES = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}


class LogFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Of a service (or one of its functions), about a post, from a level on, from `since` on, before `until`."""

    service: str | None = None
    tweet_id: str | None = None
    level: str = "INFO"
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None

    def takes(self, line: Line) -> bool:
        """Whether a line is wanted."""
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
    """One of LEVELS; others write other names."""
    said = str(line.get("level", "INFO")).upper()
    found = _OTHER_NAMES.get(said, said)
    return found if found in LEVELS else "INFO"


def logger_of(line: Line) -> str:
    """The service: `egress` of twbot.egress."""
    return str(line.get("logger", "")).removeprefix("twbot.")
