"""What the operating commands work on: one port per concern, and what stands behind it on `local`."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cli.errors import CliError, Exit

if TYPE_CHECKING:
    from lambdas.contracts import Event
    from local.alerts import Alert
    from local.history import DeliveryRecord, History
    from local.replays import Chosen, Replay, Wanted

START = "Start it with: twbot up"


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


def data_of(data: Path | None) -> Path:
    """The data folder, where a bot has run on it. Raises CliError."""
    from local.home import Home, data_folder

    folder = data_folder(data)
    if not Home(folder).bus.exists():
        raise CliError(f"No bot has run on {folder}.", hint=START, code=Exit.NOT_CONFIGURED)
    return folder


def history_of(data: Path | None) -> History:
    from local.history import History
    from local.home import Home

    return History(Home(data_of(data)).bus)


def dead_letters(data: Path | None) -> DeadLetters:
    from local.operations import LocalDeadLetters

    return LocalDeadLetters(data_of(data))


def replaying(data: Path | None) -> Replaying:
    from local.operations import LocalReplaying

    return LocalReplaying(data_of(data))


def alert_list(data: Path | None, config: Path) -> AlertList:
    from local.home import data_folder
    from local.operations import LocalAlerts

    return LocalAlerts(data_folder(data), config)


def log_lines(data: Path | None) -> LogLines:
    from local.operations import LocalLog

    return LocalLog(data_of(data))
