"""Gathers what the bot logs about each post: the intent, who answered, what was published, which functions failed."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from twbot.lambdas.log_context import current_tweet

LOGGER, PUBLISHED = "twbot", "twbot.published"


class Seen(msgspec.Struct):
    """What was logged about a post."""

    intent: str | None = None
    by: str | None = None
    published: list[str] = []
    failures: list[str] = []


class Observer(logging.Handler):
    """A log handler. The posts' ids come from the context in which a line is logged (twbot.lambdas.log_context)."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._of: dict[str | None, Seen] = defaultdict(Seen)
        self._seen = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = vars(record)
        with self._seen:
            seen = self._of[fields.get("tweet") or current_tweet()]
            if record.name == PUBLISHED:
                seen.published += fields["types"]
            elif "by" in fields:
                seen.by, seen.intent = fields["by"], fields.get("intent")
            elif record.levelno >= logging.ERROR or "function" in fields:
                traceback = fields.get("traceback")
                seen.failures.append(
                    f"{record.getMessage()}\n{traceback}".strip() if traceback else record.getMessage()
                )

    def of(self, tweet: str | None) -> Seen:
        """Return what was logged about a post; about no post for None."""
        with self._seen:
            return self._of[tweet]

    @property
    def has_failures(self) -> bool:
        with self._seen:
            return any(each.failures for each in self._of.values())


@contextlib.contextmanager
def observing() -> Iterator[Observer]:
    """Observe what is logged within."""
    observer, ours, published = Observer(), logging.getLogger(LOGGER), logging.getLogger(PUBLISHED)
    levels = ours.level, published.level
    ours.setLevel(logging.INFO)
    published.setLevel(logging.DEBUG)
    ours.addHandler(observer)
    try:
        yield observer
    finally:
        ours.removeHandler(observer)
        ours.setLevel(levels[0])
        published.setLevel(levels[1])
