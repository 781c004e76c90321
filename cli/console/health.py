"""How a bot is, in a word: the dot in the header of each page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, Literal, NamedTuple, TypeVar

from twbot.cli.operations.status.port import status_of
from twbot.cli.operations.status.records import StatusSnapshot
from twbot.cli.operations.target import Target
from twbot.lambdas.errors import TwbotError

Found = TypeVar("Found")
Level = Literal["good", "warn", "bad", "unknown"]
# So many seconds a status is as good as a new one, however many windows ask for it.
FRESH_SECONDS = 5.0
# A page does not wait for a bot that hangs: it has the status of before, which the window then asks for anew.
PAGE_SECONDS = 60.0


class Recent(Generic[Found]):
    """What was asked for, for `seconds`; then it is asked for again, by one at a time."""

    def __init__(self, ask: Callable[[], Found], seconds: float) -> None:
        self._ask, self._seconds = ask, seconds
        self._lock = threading.Lock()
        self._at = 0.0
        self.last: Found | None = None
        """The last answer, however old."""

    def get(self, max_age: float | None = None) -> Found:
        """Return an answer that is recent. Raises what asking raises.

        max_age: how many seconds old it may be, by default those for which it is recent
        """
        if (found := self._young(max_age)) is not None:
            return found  # without waiting for one who asks
        with self._lock:
            if (found := self._young(max_age)) is None:
                found = self.last = self._ask()
                self._at = time.monotonic()
            return found

    def forget(self) -> None:
        """Ask again the next time."""
        self.last = None

    def _young(self, max_age: float | None) -> Found | None:
        age = time.monotonic() - self._at
        return self.last if age <= (self._seconds if max_age is None else max_age) else None


class Health(NamedTuple):
    """How a bot is."""

    level: Level
    word: str
    """A word or two, which the header shows."""
    says: str
    """The sentence of it."""


def recent_status(target: Target) -> Recent[StatusSnapshot]:
    """Return the status of a bot. It raises TwbotError."""
    if target.is_local:
        return Recent(status_of(target).read, FRESH_SECONDS)
    # CloudWatch's numbers are a minute old anyway, and asking for them is billed.
    return Recent(lambda: status_of(target).read(), 60.0)


def health(target: Target, status: Recent[StatusSnapshot], max_age: float | None = None) -> Health:
    """Return how a bot is, as of the last `max_age` seconds.

    A stage on AWS is not asked for it: it is as when its status was last looked at.
    """
    try:
        found = status.get(max_age) if target.is_local else status.last
    except (TwbotError, OSError) as error:
        return Health("bad", "unreadable", str(error))
    return Health("unknown", "status", "Its status was not looked at yet.") if found is None else health_of(found)


def health_of(found: StatusSnapshot) -> Health:
    """Return what is most urgent in a status."""
    if not found.running:
        return Health("bad", "down", "The bot does not run.")
    if found.problem:
        return Health("bad", "refuses", "The bot refuses X's webhooks.")
    if found.switch.stops(time.time()):
        return Health("warn", "paused", "Replies are paused.")
    if dead := sum(found.dead.values()):
        return Health("warn", f"{dead} dead", f"{dead} dead {'letter' if dead == 1 else 'letters'}.")
    if failures := int(sum(found.last_hour.failures)):
        return Health("warn", f"{failures} failed", f"{failures} failed in the last hour.")
    if found.damaged:
        return Health("warn", "damaged", "A file of the lake is damaged.")
    return Health("good", "runs", "The bot runs, and nothing failed in the last hour.")
