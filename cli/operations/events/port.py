"""Live events: the port, and the choice of its adapter."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.events.filters import EVERYTHING, EventFilter
from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    import datetime

    from twbot.lambdas.contracts import Event


class LiveEvents(Protocol):
    """The events of the bus as they are published. Raises TwbotError."""

    def events(self, *, since: datetime.datetime | None = None, types: Collection[str] = ()) -> Iterator[Event]:
        """Yield the events from `since` on, else from now on, each once. Never ends."""

    def recent(
        self, limit: int, chosen: EventFilter = EVERYTHING, *, since: datetime.datetime | None = None
    ) -> list[Event]:
        """Return the newest events first, at most `limit`; on AWS those of the last day, without `since`."""

    def event(self, event_id: str, at: datetime.datetime) -> Event | None:
        """Return the event with this id, whose time is `at`; None where there is none."""


def live_events_of(target: Target, *, wait: Callable[[float], object] | None = None) -> LiveEvents:
    """Return the live events of a bot. `wait`: called with seconds between two looks. Raises CliError."""
    wait = wait or time.sleep
    if target.is_local:
        from twbot.cli.operations.events.local import LocalLiveEvents

        return LocalLiveEvents(target.folder(), wait=wait)
    from twbot.cli.operations.events.aws import AwsLiveEvents

    return AwsLiveEvents(target.aws(), wait=wait)
