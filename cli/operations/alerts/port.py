"""Who hears of alerts, and which were raised: the port, and what stands behind it on either platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    import datetime

    from twbot.cli.operations.alerts.records import Subscriber, Tested
    from twbot.lambdas.alerting.alert import Alert
    from twbot.lambdas.alerting.subscription import Subscription


class Alerts(Protocol):
    """Who hears of alerts, and which were raised. Raises TwbotError."""

    def subscribers(self) -> list[Subscriber]: ...

    def subscribe(self, wanted: Subscription) -> Subscriber: ...

    def remove(self, subscriber: Subscriber) -> None: ...

    def test(self, only: str | None = None) -> list[Tested]:
        """Send a test alert to all subscribers, or to the one with this id."""

    def raised(self, limit: int, since: datetime.datetime | None = None) -> list[Alert]:
        """The newest first."""


def alerts_of(target: Target) -> Alerts:
    if target.is_local:
        from twbot.cli.operations.alerts.local import LocalAlerts
        from twbot.local.data_folder import data_folder

        return LocalAlerts(data_folder(target.data))
    from twbot.cli.operations.alerts.aws import AwsAlerts

    return AwsAlerts(target.aws())
