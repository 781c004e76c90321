"""Replays of the archive as operators see them, on either platform."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping
from secrets import token_hex
from typing import Literal

import msgspec

from twbot.lambdas.wiring import Rule, caused_by, rules

State = Literal["running", "done", "cancelling", "cancelled", "interrupted", "failed"]


class ReplayRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which events to replay, to which rules, and how fast."""

    since: datetime.datetime
    """Time of the first event."""
    until: datetime.datetime
    """Time that all events lie before."""
    types: list[str] = []
    """Detail types; empty: all of them."""
    rules: list[str] = []
    """Names of the rules that receive the events; empty: all of them."""
    rate: float | None = 50.0
    """Maximum of events a second; None: no limit."""
    with_replies: bool = False
    """Whether the bot may reply to what is replayed (docs/decisions/0001)."""


class ReplayCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many events a replay would cover."""

    events: int
    by_type: dict[str, int]
    """Number of events of each detail type."""
    by_rule: dict[str, int]
    """Number of events that each rule would receive."""
    reaches_people: dict[str, int] = {}
    """Number of events, at most, that would come to each rule by which people hear of them, caused ones included."""
    notes: list[str] = []
    """Remarks on these numbers and on the window, for the operator."""


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A replay and its progress."""

    name: str
    wanted: ReplayRequest
    """The request that started it."""
    chosen: int | None = None
    """Number of events that it covers; None where it is unknown."""
    replayed: int | None = None
    """Number of events that were sent; None on AWS, where EventBridge does not count them."""
    state: State
    started: float
    """Epoch seconds."""
    ended: float | None = None
    """Epoch seconds; None while it runs."""
    error: str | None = None
    reached: datetime.datetime | None = None
    """Time of the last event that EventBridge sent."""

    @property
    def share(self) -> float:
        """Return the progress, from 0 to 1."""
        if self.state == "done":
            return 1.0
        if self.chosen is not None and self.replayed is not None:
            return self.replayed / self.chosen if self.chosen else 1.0
        # EventBridge reports only the time it has reached, so time stands in for the number of events:
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
        if self.reached is None:
            return 0.0
        return min(1.0, max(0.0, (self.reached - self.wanted.since) / (self.wanted.until - self.wanted.since)))


def new_name(prefix: str) -> str:
    """Return a name for a new replay. The prefix says whether it may reply (docs/decisions/0001)."""
    # A random end: EventBridge keeps names for 90 days and refuses one that it knows.
    return f"{prefix}{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}-{token_hex(2)}"


def reaching_people(by_rule: Mapping[str, int], *, with_replies: bool) -> dict[str, int]:
    """Return how many events at most come to each rule that reaches people, from how many each rule receives.

    Nobody gets a second alert or reply for a post, so that most of them reach nobody again.
    """
    found: Counter[str] = Counter()
    for rule in rules():
        if count := by_rule.get(rule.name, 0):
            reached = {each.name for each in _rules_after(rule, with_replies) if each.reaches_people}
            found.update(dict.fromkeys(sorted(reached), count))
    return dict(found)


def _rules_after(rule: Rule, with_replies: bool) -> Iterator[Rule]:
    """Yield the rule, and those that take what it causes in a replay: each once, as own rules may go in circles."""
    pending, seen = [rule], {rule.name}
    while pending:
        yield (each := pending.pop())
        new = [one for one in caused_by(each) if one.name not in seen and one.takes_replays(with_replies=with_replies)]
        seen |= {one.name for one in new}
        pending += new
