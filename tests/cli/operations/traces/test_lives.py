"""The lives of a post: what belongs to the first, and what to which replay."""

from __future__ import annotations

from typing import Any

import pytest

from twbot.cli.operations.traces.lives import begins_of, life_at, lived
from twbot.cli.operations.traces.records import Span
from twbot.lambdas.contracts import Event

NAMED = "replay-20261126T040036Z-43aa"
AT = 1795665636.0  # 2026-11-26 04:00:36 UTC


def event(time: str, detail: dict[str, Any] | None = None, *, replay: str | None = None) -> Event:
    return Event(
        id="1", source="BOT", time=time, detail=detail or {}, detail_type="MESSAGE_RECEIVED", replay_name=replay
    )


CAUSED = event("2026-11-26T04:00:37Z", {"ReplayName": "mine"})
UNREADABLE = "replay-20269999T999999Z-x"


@pytest.mark.parametrize(
    ("events", "begins"),
    [
        ([event("2026-11-26T04:00:20Z")], {}),
        # EventBridge replays an event with its own time: the replay's name tells when it was.
        ([event("2026-11-26T04:00:20Z", replay=NAMED)], {NAMED: AT}),
        # One that somebody else named began when it first caused something.
        ([CAUSED], {"mine": AT + 1}),
        ([event("2026-11-26T04:00:20Z", replay="mine")], {"mine": float("inf")}),
        ([CAUSED, event("2026-11-26T04:00:20Z", replay=NAMED)], {NAMED: AT, "mine": AT + 1}),
        ([event("2026-11-26T04:00:37Z", {"ReplayName": UNREADABLE})], {UNREADABLE: AT + 1}),
    ],
)
def test_when_replays_began(events: list[Event], begins: dict[str, float]) -> None:
    """In their order."""
    assert [*begins_of(events).items()] == [*begins.items()]


def test_steps_are_of_the_last_replay_that_had_begun() -> None:
    """They name none; events and deliveries that tell of one keep it, and other events are of the first life."""
    begins = {"a": 100.0, "b": 200.0}
    spans = [
        Span(kind="step", name="s", start=50, end=60),
        Span(kind="step", name="s", start=150, end=160),
        Span(kind="log", name="l", start=200, end=200),
        Span(kind="event", name="e", start=250, end=250),
        Span(kind="delivery", name="d", start=250, end=250, replay="a"),
    ]
    assert [each.replay for each in lived(spans, begins)] == [None, "a", "b", None, "a"]
    assert life_at(50, {}) is None
