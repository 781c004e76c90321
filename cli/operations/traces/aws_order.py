"""Moments of a stage in their order. EventBridge tells only the second of an event."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from twbot.cli.operations.traces.records import Span

# What happens in the same second happens in this order.
ORDER = (
    "MESSAGE_RECEIVED",
    "MESSAGE_ANALYSED",
    "ANALYSIS_FAILED",
    "SEND_TWEET",
    "TWEET_SENT",
    "TWEET_FAILED",
    "TWEET_WITHHELD",
)


def in_order(moments: Iterable[Span]) -> list[Span]:
    """Causes before effects; no event is earlier than what led to it."""
    found: list[Span] = []
    for each in sorted(moments, key=lambda each: (int(each.start), _place(each), each.start)):
        before = found[-1].start if found else each.start
        start = (
            max(before, each.start)
            if each.kind not in {"step", "log"} and int(before) == int(each.start)
            else each.start
        )
        found.append(msgspec.structs.replace(each, start=start, end=max(start, each.end)))
    return found


def _place(moment: Span) -> float:
    """Among what happens in the same second: an event, what was done with it, then what came of that."""
    if moment.kind == "log":
        return len(ORDER) + 1
    after = {"event": 0.0, "alert": 0.1, "delivery": 0.2, "step": 0.3}[moment.kind]
    event = {"event": moment.name, "alert": "MESSAGE_ANALYSED", "step": "MESSAGE_RECEIVED"}.get(moment.kind)
    return rank(event or moment.event or "") + after


def rank(detail_type: str) -> int:
    return ORDER.index(detail_type) + 1 if detail_type in ORDER else 0
