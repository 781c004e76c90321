"""What the watching commands look at: one port per concern, and what stands behind it on either platform."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Protocol

from cli.stage import Place
from lambdas.operating.lines import Line, WantedLines

if TYPE_CHECKING:
    from lambdas.contracts import Event
    from lambdas.operating.rules import DeployedRule
    from lambdas.operating.traces import Trace


class Live(Protocol):
    """The bus, as it goes on."""

    def events(self, *, since: datetime.datetime | None = None, types: Collection[str] = ()) -> Iterator[Event]:
        """From `since` on, else from now on, each once; never ends."""


class Traces(Protocol):
    """Single posts' ways through the bot."""

    def of(
        self, tweet_id: str, *, since: datetime.datetime | None = None, until: datetime.datetime | None = None
    ) -> Trace | None:
        """None where nothing was heard of the post in that time."""


class LogLines(Protocol):
    """The log."""

    def lines(self, wanted: WantedLines) -> Iterator[Line]:
        """The oldest first."""

    def follow(self, wanted: WantedLines) -> Iterator[Line]:
        """What is logged from now on; never ends."""


class DeployedRules(Protocol):
    """The rules as they are where the bot runs."""

    def deployed(self) -> list[DeployedRule]: ...


def live(place: Place) -> Live:
    if place.is_local:
        from local.operating.events import LocalLive

        return LocalLive(place.folder())
    from stacks.operating.events import AwsLive

    return AwsLive(place.aws())


def traces(place: Place) -> Traces:
    if place.is_local:
        from local.operating.traces import LocalTraces

        return LocalTraces(place.folder())
    from stacks.operating.traces import AwsTraces

    return AwsTraces(place.aws())


def log_lines(place: Place) -> LogLines:
    if place.is_local:
        from local.operating.logs import LocalLog

        return LocalLog(place.folder())
    from stacks.operating.logs import AwsLog

    return AwsLog(place.aws())


def deployed_rules(place: Place) -> DeployedRules | None:
    """None on `local`: there the bot runs by the wiring itself."""
    if place.is_local:
        return None
    from stacks.operating.rules import AwsRules

    return AwsRules(place.aws())
