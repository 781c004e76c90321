"""What the operating commands work on: one port per concern, and what stands behind it on either platform."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from cli.stage import Place

if TYPE_CHECKING:
    import datetime

    from lambdas.alerting.alert import Alert
    from lambdas.alerting.subscription import Subscription
    from lambdas.contracts import Event
    from lambdas.operating.alerts import Subscriber, Tested
    from lambdas.operating.measures import Measure, Measured, Window
    from lambdas.operating.vitals import Vitals
    from local.history import DeliveryRecord
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
    """Who hears of alerts, and which were raised. Raises TwbotError."""

    def subscribers(self) -> list[Subscriber]: ...

    def subscribe(self, wanted: Subscription) -> Subscriber: ...

    def remove(self, subscriber: Subscriber) -> None: ...

    def test(self, only: str | None = None) -> list[Tested]:
        """Send a test alert to all subscribers, or to the one with this id."""

    def raised(self, limit: int, since: datetime.datetime | None = None) -> list[Alert]:
        """The newest first."""


class Condition(Protocol):
    """How the bot does. `every`: how often it is worth looking, in seconds."""

    @property
    def every(self) -> float: ...

    def look(self) -> Vitals: ...


class Measuring(Protocol):
    """What happened over time, as numbers. `finest`: the shortest parts, in seconds, that are kept since a time."""

    def measures(self) -> list[Measure]: ...

    def finest(self, start: float) -> int: ...

    def measured(self, window: Window, wanted: Collection[str]) -> list[Measured]: ...


def dead_letters(place: Place) -> DeadLetters:
    from local.operations import LocalDeadLetters

    return LocalDeadLetters(place.folder())


def replaying(place: Place) -> Replaying:
    from local.operations import LocalReplaying

    return LocalReplaying(place.folder())


def alert_list(place: Place) -> AlertList:
    if place.is_local:
        from local.home import data_folder
        from local.operate_alerts import LocalAlerts

        return LocalAlerts(data_folder(place.data))
    from stacks.operate_alerts import StageAlerts

    return StageAlerts(place.aws())


def condition(place: Place) -> Condition:
    if place.is_local:
        from local.home import data_folder
        from local.vitals import LocalCondition

        return LocalCondition(data_folder(place.data))
    from stacks.operate_vitals import AwsCondition

    return AwsCondition(place.aws())


def measuring(place: Place) -> Measuring:
    if place.is_local:
        from local.measures import LocalMeasures

        return LocalMeasures(place.folder())
    from stacks.operate_measures import AwsMeasures

    return AwsMeasures(place.aws())
