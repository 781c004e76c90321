"""Alerts and their subscribers: the port, and the choice of its adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    import datetime

    from twbot.cli.operations.alerts.records import Subscriber, Tested
    from twbot.lambdas.alerting.alert import Alert
    from twbot.lambdas.alerting.subscription import Subscription


class Alerts(Protocol):
    """The subscribers of alerts, and the alerts that were raised. Raises TwbotError."""

    def subscribers(self) -> list[Subscriber]: ...

    def subscribe(self, subscription: Subscription) -> Subscriber:
        """Add a subscriber, or replace the one with the same address."""

    def remove(self, subscriber: Subscriber) -> None:
        """Remove a subscriber: it gets no alert any more."""

    def test(self, only: str | None = None) -> list[Tested]:
        """Send a sample alert to all subscribers, or to the one with this id."""

    def raised(self, limit: int, since: datetime.datetime | None = None) -> list[Alert]:
        """Return the newest alerts first, at most `limit`."""


def alerts_of(target: Target) -> Alerts:
    """Return the alerts of a bot. Raises CliError."""
    if target.is_local:
        from twbot.cli.operations.alerts.local import LocalAlerts
        from twbot.local.data_folder import data_folder

        return LocalAlerts(data_folder(target.data))
    from twbot.cli.operations.alerts.aws import AwsAlerts

    return AwsAlerts(target.aws())
