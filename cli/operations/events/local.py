"""The bus of the bot of this machine, as it goes on."""

from __future__ import annotations

import datetime
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from twbot.lambdas.contracts import Event
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder

POLL_INTERVAL = 0.2
BATCH_SIZE = 1000
Key = tuple[str, str | None]


class LocalLiveEvents:
    def __init__(self, folder: Path) -> None:
        self._home = DataFolder(folder)

    def events(self, *, since: datetime.datetime | None = None, types: Collection[str] = ()) -> Iterator[Event]:
        """From `since` on, else from now on, each once; never ends. Follows from the moment it is called."""
        history = History(self._home.bus)
        return self._events(history, history.last_number(), since, types)

    def _events(
        self, history: History, number: int, since: datetime.datetime | None, types: Collection[str]
    ) -> Iterator[Event]:
        with history:
            shown: set[Key] = set()
            if since is not None:
                yield from _new(history.events(since=since, replayed=True), types, shown)
            while True:
                grown, number = history.after(number, limit=BATCH_SIZE)
                yield from _new(iter(grown), types, shown)
                if len(grown) < BATCH_SIZE:
                    shown.clear()
                    time.sleep(POLL_INTERVAL)


def _new(events: Iterator[Event], types: Collection[str], shown: set[Key]) -> Iterator[Event]:
    """Those of the types that were not shown yet; notes them."""
    for event in events:
        key = (event.id, event.replay_name)
        if key not in shown and (not types or event.detail_type in types):
            shown.add(key)
            yield event
