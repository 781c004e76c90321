"""The lives of a post: the first, and one more for each replay that led its events through the bot again."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from twbot.cli.operations.traces.records import Span
from twbot.lambdas.contracts import Event, epoch

# As lambdas/replays.py names them. Who starts a replay by EventBridge's API may name it otherwise.
_NAMED_BY_TIME = re.compile(r"-(\d{8}T\d{6}Z)-")


def replay_of(event: Event) -> str | None:
    """Return the name of the replay that an event came by, or that it was caused by; None in the first life."""
    return event.replay_name or event.detail.get("ReplayName")


def begins_of(events: Sequence[Event]) -> dict[str, float]:
    """Return when each replay began, in epoch seconds, the first one first."""
    begins: dict[str, float] = {}
    for event in events:
        if (name := replay_of(event)) is not None:
            # EventBridge replays an event with the time of the original.
            caused = epoch(event.time) if event.replay_name is None else float("inf")
            begins[name] = min(begins.get(name, float("inf")), caused)
    begins = {name: _in_name(name) or at for name, at in begins.items()}
    return dict(sorted(begins.items(), key=lambda each: each[1]))


def lived(spans: Iterable[Span], begins: Mapping[str, float]) -> Iterator[Span]:
    """Give each span that tells of no replay to the last one that had begun: logs and steps name none.

    An event without a replay is of the first life, whenever it was.
    """
    for each in spans:
        if each.replay is not None or each.kind == "event":
            yield each
        else:
            yield msgspec.structs.replace(each, replay=life_at(each.start, begins))


def life_at(at: float, begins: Mapping[str, float]) -> str | None:
    """Return the last replay that had begun at a time; None before the first."""
    return next((name for name, begin in reversed([*begins.items()]) if begin <= at), None)


def _in_name(name: str) -> float | None:
    found = _NAMED_BY_TIME.search(name)
    try:
        return found and datetime.datetime.strptime(f"{found[1]}+0000", "%Y%m%dT%H%M%SZ%z").timestamp()
    except ValueError:
        return None
