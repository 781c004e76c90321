"""Whether a reply may be posted: the kill switch, the opt-out list, and the limits. Asked right before posting."""

from __future__ import annotations

import contextlib
import enum
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from twbot.lambdas.errors import Permanent

HOUR = 3600


class WithheldReason(enum.StrEnum):
    """Why a reply was withheld, as TWEET_WITHHELD says it."""

    PAUSED = "paused"
    OPTED_OUT = "opted-out"
    LIMIT_OF_PERSON = "limit-per-person"
    LIMIT_OF_HOUR = "limit-per-hour"


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator allows. Times are epoch seconds; a limit is a number of replies in an hour of the UTC clock."""

    paused: bool = False
    since: float | None = None
    until: float | None = None
    reason: str | None = None
    per_person: int | None = None
    per_hour: int | None = None

    def stops(self, now: float) -> bool:
        """Whether it is paused, and not over yet."""
        return self.paused and (self.until is None or now < self.until)


class ReplyStore(Protocol):
    """Where the switch, the list and the counts are. Every call raises Temporary where it can't tell."""

    def switch(self) -> Switch: ...

    def opted_out(self, user_id: str) -> bool: ...

    def take(self, count: str, most: int, *, until: float) -> bool:
        """Count one more, unless that were more than `most`: in one step, whoever else counts. Forgotten at `until`."""

    def give_back(self, count: str) -> None:
        """Count one less."""


class Withheld(Permanent):
    """The reply may not be posted."""

    def __init__(self, message: str, *, why: WithheldReason) -> None:
        super().__init__(message)
        self.why = why


class Permission:
    """Asks the store at each reply: what the operator says holds from the next one on."""

    def __init__(self, store: ReplyStore, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    @contextlib.contextmanager
    def to_reply(self, user_id: str) -> Iterator[None]:
        """Post inside. Raises Withheld, Temporary; a reply that fails inside doesn't count."""
        now = self._clock()
        switch = self._store.switch()
        if switch.stops(now):
            raise Withheld(_paused(switch), why=WithheldReason.PAUSED)
        if self._store.opted_out(user_id):
            raise Withheld(f"The user {user_id} wants no replies.", why=WithheldReason.OPTED_OUT)
        with self._counted(switch, user_id, int(now // HOUR)):
            yield

    @contextlib.contextmanager
    def _counted(self, switch: Switch, user_id: str, hour: int) -> Iterator[None]:
        limits = (
            (switch.per_person, f"{hour}:{user_id}", WithheldReason.LIMIT_OF_PERSON, "to this person"),
            (switch.per_hour, f"{hour}", WithheldReason.LIMIT_OF_HOUR, "in all"),
        )
        with contextlib.ExitStack() as taken:
            for most, count, why, whom in limits:
                if most is None:
                    continue
                if not self._store.take(count, most, until=(hour + 1) * HOUR):
                    raise Withheld(f"There were {most} replies {whom} in this hour already.", why=why)
                taken.callback(self._store.give_back, count)
            yield
            taken.pop_all()


def _paused(switch: Switch) -> str:
    return f"Replies are paused: {switch.reason}." if switch.reason else "Replies are paused."
