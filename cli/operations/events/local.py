"""The live events of this machine's bot, from its bus."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from twbot.cli.operations.events.filters import EVERYTHING, EventFilter
from twbot.lambdas.contracts import Event
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder

POLL_INTERVAL = 0.2
BATCH_SIZE = 1000
# How many events `recent` looks at: a second's work.
MAX_LOOKED_AT = 20_000
Key = tuple[str, str | None]


class LocalLiveEvents:
    def __init__(self, folder: Path, *, wait: Callable[[float], object]) -> None:
        self._home, self._wait = DataFolder(folder), wait

    def events(self, *, since: datetime.datetime | None = None, types: Collection[str] = ()) -> Iterator[Event]:
        """Yield the events from `since` on, else from now on, each once. Never ends."""
        # Not in the generator, which starts at its first event: events in between would be missed.
        history = History(self._home.bus)
        return self._events(history, history.last_number(), since, types)

    def recent(
        self, limit: int, chosen: EventFilter = EVERYTHING, *, since: datetime.datetime | None = None
    ) -> list[Event]:
        """Return the newest events first, at most `limit`, of the newest MAX_LOOKED_AT of the chosen types."""
        with History(self._home.bus) as history:
            found = [_newest(history, kind, chosen, limit, since) for kind in chosen.types or (None,)]
        if len(found) == 1:
            return found[0]  # in the order in which they came: a replayed event bears its first time
        return sorted(itertools.chain(*found), key=lambda event: event.time, reverse=True)[:limit]

    def event(self, event_id: str, at: datetime.datetime) -> Event | None:  # noqa: ARG002 - it is found by its id
        with History(self._home.bus) as history:
            return history.event(event_id)

    def _events(
        self, history: History, number: int, since: datetime.datetime | None, types: Collection[str]
    ) -> Iterator[Event]:
        with history:
            # What is published meanwhile is read twice: among the stored events, and after `number`.
            shown: set[Key] = set()
            if since is not None:
                yield from _new(history.events(since=since, replayed=True), types, shown)
            while True:
                added, number = history.after(number, limit=BATCH_SIZE)
                yield from _new(iter(added), types, shown)
                if len(added) < BATCH_SIZE:
                    shown.clear()
                    self._wait(POLL_INTERVAL)


def _new(events: Iterator[Event], types: Collection[str], shown: set[Key]) -> Iterator[Event]:
    """Yield the events of these types that are not in `shown`, and add them to it."""
    for event in events:
        key = (event.id, event.replay_name)
        if key not in shown and (not types or event.detail_type in types):
            shown.add(key)
            yield event


def _newest(
    history: History, kind: str | None, chosen: EventFilter, limit: int, since: datetime.datetime | None
) -> list[Event]:
    found = []
    for event in history.events(since=since, detail_type=kind, replayed=True, newest_first=True, limit=MAX_LOOKED_AT):
        if chosen.matches(event):
            found.append(event)
        if len(found) >= limit:
            break  # the loop closes the query, whose file must still be open
    return found
