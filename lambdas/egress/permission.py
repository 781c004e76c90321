"""Decides right before a reply is posted whether it may be: the kill switch, the opt-out list and the limits.

docs/decisions/0007-a-withheld-reply-is-an-event.md
"""

from __future__ import annotations

import contextlib
import enum
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from twbot.lambdas.errors import Permanent

HOUR = 3600
# More than anybody reads. Two bots that answer each other end here: who gets no reply has nothing to reply to.
PER_PERSON = 20


class WithheldReason(enum.StrEnum):
    """The `Reason` of a TWEET_WITHHELD."""

    PAUSED = "paused"
    OPTED_OUT = "opted-out"
    LIMIT_OF_PERSON = "limit-per-person"
    LIMIT_OF_HOUR = "limit-per-hour"


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator allows."""

    paused: bool = False
    since: float | None = None
    """Epoch seconds at which the pause began."""
    until: float | None = None
    """Epoch seconds at which the pause ends; None: when the operator ends it."""
    reason: str | None = None
    per_person: int | None = PER_PERSON
    """Maximum of replies to one person in an hour of the UTC clock; None: no limit."""
    per_hour: int | None = None
    """Maximum of replies in an hour of the UTC clock; None: no limit."""

    def stops(self, now: float) -> bool:
        """Return whether replies are paused at `now`, in epoch seconds."""
        return self.paused and (self.until is None or now < self.until)


class Choice(msgspec.Struct, frozen=True):
    """What a person said about replies to them."""

    out: bool
    """Whether they want no replies."""
    post: str
    """Id of the post in which they said so."""
    is_news: bool = False
    """Whether they had said otherwise before."""

    def after(self, known: Choice | None) -> Choice | None:
        """Return what is to be stored where `known` is stored: nothing where a later post is known already."""
        if known is None:
            return msgspec.structs.replace(self, is_news=self.out)
        if int(self.post) < int(known.post):
            return None
        return known if self.post == known.post else msgspec.structs.replace(self, is_news=self.out != known.out)


class ReplyStore(Protocol):
    """The store of the switch, the opt-out list and the counts. Every call raises Temporary where it fails."""

    def switch(self) -> Switch: ...

    def opted_out(self, user_id: str) -> bool:
        """Return whether the person wants no replies, or the operator wants none to them."""

    def choose(self, user_id: str, choice: Choice) -> bool:
        """Store what a person said last (Choice.after). Return whether it is news; the same post gets the same answer.

        Nobody can take off the list whom the operator has put there.
        """

    def take(self, count: str, limit: int, *, until: float) -> bool:
        """Increment a count, unless it has reached the limit. Return whether it was incremented.

        Atomic: concurrent callers never exceed the limit. The count may be deleted at `until` (epoch seconds).
        """

    def give_back(self, count: str) -> None:
        """Decrement a count."""


class Withheld(Permanent):
    """The reply may not be posted."""

    def __init__(self, message: str, *, why: WithheldReason) -> None:
        super().__init__(message)
        self.why = why


class Permission:
    """Asks the store before each reply, so that a change holds from the next reply on."""

    def __init__(self, store: ReplyStore, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def choose(self, user_id: str, choice: Choice) -> bool:
        """Store what a person said about replies to them. Return whether it is news. Raises Temporary."""
        return self._store.choose(user_id, choice)

    @contextlib.contextmanager
    def to_reply(self, user_id: str, *, confirms_opt_out: bool = False) -> Iterator[None]:
        """Enter this to post a reply. Raises Withheld or Temporary. A reply that fails inside is not counted.

        confirms_opt_out: the reply is the one that tells a person that there will be no more
        """
        now = self._clock()
        switch = self._store.switch()
        if switch.stops(now):
            raise Withheld(_paused(switch), why=WithheldReason.PAUSED)
        if not confirms_opt_out and self._store.opted_out(user_id):
            raise Withheld(f"The user {user_id} wants no replies.", why=WithheldReason.OPTED_OUT)
        with self._counted(switch, user_id, int(now // HOUR)):
            yield

    @contextlib.contextmanager
    def _counted(self, switch: Switch, user_id: str, hour: int) -> Iterator[None]:
        limits = (
            (switch.per_person, f"{hour}:{user_id}", WithheldReason.LIMIT_OF_PERSON, "to this person"),
            (switch.per_hour, f"{hour}", WithheldReason.LIMIT_OF_HOUR, "in all"),
        )
        # Counted before it is posted, and given back if it is not: any number of senders together never exceed a limit.
        with contextlib.ExitStack() as taken:
            for limit, count, why, whom in limits:
                if limit is None:
                    continue
                if not self._store.take(count, limit, until=(hour + 1) * HOUR):
                    raise Withheld(f"There were {limit} replies {whom} in this hour already.", why=why)
                taken.callback(self._store.give_back, count)
            yield
            taken.pop_all()


def _paused(switch: Switch) -> str:
    return f"Replies are paused: {switch.reason}." if switch.reason else "Replies are paused."
