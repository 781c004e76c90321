"""What the operating commands work on: one port per concern, and what stands behind it on `local`."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cli.stage import Place

if TYPE_CHECKING:
    from lambdas.contracts import Event
    from local.alerts import Alert
    from local.history import DeliveryRecord, History
    from local.replays import Chosen, Replay, Wanted


class DeadLetters(Protocol):
    """What handlers gave up on. The numbers are deliveries' ids."""

    def letters(self, *, rule: str | None = None) -> list[DeliveryRecord]: ...

    def event(self, letter: DeliveryRecord) -> Event | None: ...

    def redrive(self, ids: Sequence[int]) -> int: ...

    def purge(self, ids: Sequence[int]) -> int: ...


class Replaying(Protocol):
    """Replays from the archive."""

    def choose(self, wanted: Wanted) -> Iterator[Chosen]: ...

    def start(self, wanted: Wanted) -> Replay: ...

    def cancel(self, name: str) -> Replay | None: ...

    def named(self, name: str) -> Replay | None: ...

    def newest(self, limit: int) -> list[Replay]: ...


class AlertList(Protocol):
    """The alerts that were raised, and where they go."""

    def newest(self, limit: int) -> list[Alert]: ...

    def test(self) -> None:
        """Raises NotConfigured, Temporary."""


class LogLines(Protocol):
    """The log, the oldest line first; `follow` goes on as it grows."""

    def lines(self, tweet_id: str | None = None) -> Iterator[dict[str, Any]]: ...

    def follow(self) -> Iterator[dict[str, Any]]: ...


class Live(Protocol):
    """The bus, as it goes on."""

    def last_number(self) -> int: ...

    def after(self, number: int, *, limit: int = 1000) -> tuple[list[Event], int]: ...

    def events(self, *, since: datetime.datetime | None = None) -> Iterator[Event]: ...


def history_of(place: Place) -> History:
    from local.history import History
    from local.home import Home

    return History(Home(place.folder()).bus)


def dead_letters(place: Place) -> DeadLetters:
    from local.operations import LocalDeadLetters

    return LocalDeadLetters(place.folder())


def replaying(place: Place) -> Replaying:
    from local.operations import LocalReplaying

    return LocalReplaying(place.folder())


def alert_list(place: Place, config: Path) -> AlertList:
    from local.home import data_folder
    from local.operations import LocalAlerts

    return LocalAlerts(data_folder(place.data), config)


def log_lines(place: Place) -> LogLines:
    from local.operations import LocalLog

    return LocalLog(place.folder())
