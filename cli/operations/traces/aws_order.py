"""Puts the spans of a trace in order, because the times of EventBridge's events are whole seconds."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from twbot.cli.operations.traces.records import Span

# The order of events that happen in the same second.
ORDER = (
    "POST_INCOMPLETE",
    "MESSAGE_RECEIVED",
    "MESSAGE_ANALYSED",
    "ANALYSIS_FAILED",
    "SEND_TWEET",
    "TWEET_SENT",
    "TWEET_FAILED",
    "TWEET_WITHHELD",
)


def sorted_spans(spans: Iterable[Span]) -> list[Span]:
    """Order spans, causes before effects. An event does not start before what led to it."""
    found: list[Span] = []
    for each in sorted(spans, key=lambda each: (int(each.start), _place(each), each.start)):
        before = found[-1].start if found else each.start
        # Steps and lines have times of their own, to the millisecond.
        start = (
            max(before, each.start)
            if each.kind not in {"step", "log"} and int(before) == int(each.start)
            else each.start
        )
        found.append(msgspec.structs.replace(each, start=start, end=max(start, each.end)))
    return found


def _place(span: Span) -> float:
    """Return the place of a span within its second: an event, then what was done with it, then the next event."""
    if span.kind == "log":
        return len(ORDER) + 1
    after = {"event": 0.0, "alert": 0.1, "delivery": 0.2, "step": 0.3}[span.kind]
    event = {"event": span.name, "alert": "MESSAGE_ANALYSED", "step": "MESSAGE_RECEIVED"}.get(span.kind)
    return rank(event or span.event or "") + after


def rank(detail_type: str) -> int:
    """Return the place of an event type in ORDER; other types come first."""
    return ORDER.index(detail_type) + 1 if detail_type in ORDER else 0
