"""Replays of the archive as operators see them, on this machine and on AWS."""

from __future__ import annotations

import datetime
from secrets import token_hex
from typing import Literal

import msgspec

State = Literal["running", "done", "cancelling", "cancelled", "interrupted", "failed"]


class ReplayRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to replay: events from `since` on, before `until`. `rate`: at most so many a second; None: no such limit."""

    since: datetime.datetime
    until: datetime.datetime
    types: list[str] = []
    rules: list[str] = []
    rate: float | None = 50.0
    with_replies: bool = False


class ReplayCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many events a replay would be about, by type, and how many of them each rule would take.

    `notes`: what there is to know of these numbers, and of the window.
    """

    events: int
    by_type: dict[str, int]
    by_rule: dict[str, int]
    notes: list[str] = []


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A replay, and how far it came. `chosen`: how many events it is about; `replayed`: how many have gone out.

    EventBridge counts nothing: there `reached` is the time of the last event that went out.
    """

    name: str
    wanted: ReplayRequest
    chosen: int | None = None
    replayed: int | None = None
    state: State
    started: float
    ended: float | None = None
    error: str | None = None
    reached: datetime.datetime | None = None

    @property
    def share(self) -> float:
        """How far it came, from 0 to 1."""
        if self.state == "done":
            return 1.0
        if self.chosen is not None and self.replayed is not None:
            return self.replayed / self.chosen if self.chosen else 1.0
        if self.reached is None:
            return 0.0
        return min(1.0, max(0.0, (self.reached - self.wanted.since) / (self.wanted.until - self.wanted.since)))


def new_name(prefix: str) -> str:
    """The prefix says whether the replay may reply (docs/decisions/0001)."""
    return f"{prefix}{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}-{token_hex(2)}"
