"""What the operating commands work on: one port per concern, and what stands behind it on either platform."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from cli.stage import Place

if TYPE_CHECKING:
    import datetime

    from lambdas.alerting.alert import Alert
    from lambdas.alerting.subscription import Subscription
    from lambdas.egress.permission import Switch
    from lambdas.operating.alerts import Subscriber, Tested
    from lambdas.operating.dead_letters import DeadLetter, Letters
    from lambdas.operating.measures import Measure, Measured, Window
    from lambdas.operating.replays import Count, Replay, Wanted
    from lambdas.operating.vitals import Vitals
    from lambdas.ports import Chatbot


class DeadLetters(Protocol):
    """What targets did not take, however often it was tried."""

    def letters(self, *, rule: str | None = None) -> Letters:
        """Those that are there, not consumed; the other calls are about what this has found."""

    def event(self, letter: DeadLetter) -> object:
        """As it was sent, where it is known."""

    def redrive(self, ids: Sequence[str]) -> Iterator[int]:
        """Deliver them again, each to the rule that failed; how many are done, as it goes on."""

    def purge(self, ids: Sequence[str]) -> Iterator[int]:
        """Forget them; how many are gone, as it goes on."""

    def purge_all(self) -> int:
        """Forget also what was not seen; about how many that were."""


class Replaying(Protocol):
    """Replays from the archive. `every`: how often it is worth looking how far one is, in seconds."""

    @property
    def every(self) -> float: ...

    def fit(self, wanted: Wanted) -> Wanted:
        """As the platform can do it. Raises TwbotError where it can't."""

    def count(self, wanted: Wanted) -> Count: ...

    def start(self, wanted: Wanted, events: int) -> Replay:
        """`events`: how many were counted, to be kept with it."""

    def cancel(self, name: str) -> Replay | None:
        """What became of it; None where there is no such replay."""

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


class Replies(Protocol):
    """The switch of replies, and who wants none. Raises TwbotError."""

    def switch(self) -> Switch: ...

    def save(self, switch: Switch) -> None: ...

    def everybody_out(self) -> list[str]:
        """The user ids of those who want no replies."""

    def opt_out(self, user_id: str) -> None: ...

    def opt_in(self, user_id: str) -> None: ...


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
    if place.is_local:
        from local.operating.redelivery import LocalDeadLetters

        return LocalDeadLetters(place.folder())
    from stacks.operating.letters import AwsDeadLetters

    return AwsDeadLetters(place.aws())


def replaying(place: Place) -> Replaying:
    if place.is_local:
        from local.operating.redelivery import LocalReplaying

        return LocalReplaying(place.folder())
    from stacks.operating.replays import AwsReplaying

    return AwsReplaying(place.aws())


def alert_list(place: Place) -> AlertList:
    if place.is_local:
        from local.home import data_folder
        from local.operating.alerts import LocalAlerts

        return LocalAlerts(data_folder(place.data))
    from stacks.operating.alerts import StageAlerts

    return StageAlerts(place.aws())


def chatbot(place: Place) -> Chatbot:
    if place.is_local:
        from local.models.lex import Lex

        return Lex()
    from stacks.operating.chat import StageChatbot

    return StageChatbot(place.aws())


def replies(place: Place) -> Replies:
    if place.is_local:
        from local.home import Home, data_folder
        from local.reply_control import LocalReplies

        return LocalReplies(Home(data_folder(place.data)).replies)
    from stacks.operating.replies import StageReplies

    return StageReplies(place.aws())


def condition(place: Place) -> Condition:
    if place.is_local:
        from local.home import data_folder
        from local.operating.vitals import LocalCondition

        return LocalCondition(data_folder(place.data))
    from stacks.operating.vitals import AwsCondition

    return AwsCondition(place.aws())


def measuring(place: Place) -> Measuring:
    if place.is_local:
        from local.operating.measures import LocalMeasures

        return LocalMeasures(place.folder())
    from stacks.operating.measures import AwsMeasures

    return AwsMeasures(place.aws())
