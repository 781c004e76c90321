"""What a handler publishes, until it is stored in one transaction with the outcome of its delivery.

So a handler waits for no commit, and no crash comes between the two:
docs/decisions/0029-what-a-handler-publishes.md
"""

from __future__ import annotations

import threading
from typing import NamedTuple

from twbot.lambdas.contracts import Entry, Event
from twbot.local.bus.routes import Delivery, Route
from twbot.local.bus.store import Outcome


class New(NamedTuple):
    """An event to store."""

    event: Event
    body: bytes
    """The event as JSON."""
    routes: list[Route]
    """The routes of the rules that match."""
    entry: Entry | None = None
    """The entry that it was published with, which says whether it was stored before. None: it never was."""


class Settlement(NamedTuple):
    """The outcomes of deliveries that were handled together, and what their handler published."""

    outcomes: list[tuple[Delivery, Outcome]]
    new: list[New]
    fixed: list[tuple[str, str]]
    """Keys with the values that `Publisher.fix` returned."""


class Outbox:
    """Collects what one call of a handler publishes. Threads that the handler started may add to it, too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = True
        self._new: list[New] = []
        self._fixed: list[tuple[str, str]] = []

    def add(self, new: list[New]) -> bool:
        """Add events. Return False where the handler has ended: a task that took too long still runs."""
        with self._lock:
            if self._open:
                self._new += new
            return self._open

    def fix(self, key: str, value: str) -> bool:
        """Add a key's value. Return False where the handler has ended."""
        with self._lock:
            if self._open:
                self._fixed.append((key, value))
            return self._open

    def close(self, outcomes: list[tuple[Delivery, Outcome]]) -> Settlement:
        """Return what was collected, with the outcomes. Nothing can be added any more."""
        with self._lock:
            self._open = False
        return Settlement(outcomes, self._new, self._fixed)
