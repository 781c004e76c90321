"""The subscribers and the alerts of this machine's bot. A running bot reads changes of the subscribers by itself."""

from __future__ import annotations

import contextlib
import datetime
from pathlib import Path

from twbot.cli.operations.alerts.records import Subscriber, Tested
from twbot.lambdas.alerting.alert import Alert, sample_alert
from twbot.lambdas.alerting.delivery import send_test_alerts
from twbot.lambdas.alerting.subscription import Subscription
from twbot.lambdas.errors import NotConfigured
from twbot.local.adapters.alerts import Deliverer, Outcome, note_outcome, open_alerts, stored_alerts, stored_outcomes
from twbot.local.adapters.subscribers import SubscriberFile
from twbot.local.data_folder import DataFolder, make_private

NEVER = Outcome("", None)


class LocalAlerts:
    """The alerts of a data folder. Only its owner can read the file with the addresses."""

    def __init__(self, folder: Path) -> None:
        self._home = DataFolder(folder)
        self._file = SubscriberFile(self._home.subscribers)

    def subscribers(self) -> list[Subscriber]:
        outcomes = stored_outcomes(self._home.alerts)
        return [_subscriber(each, outcomes.get(each.id, NEVER)) for each in self._file.all()]

    def subscribe(self, subscription: Subscription) -> Subscriber:
        """Store a subscriber. Raises NotConfigured for SMS, and for email without a server."""
        if subscription.kind == "sms":
            raise NotConfigured("This machine sends no SMS: a stage on AWS does (--stage).")
        if subscription.kind == "email" and subscription.smtp is None:
            raise NotConfigured("Email needs a server that takes it: --smtp smtps://user@host:465")
        make_private(self._home.folder)
        self._file.add(subscription)
        return _subscriber(subscription, NEVER)

    def remove(self, subscriber: Subscriber) -> None:
        self._file.remove(subscriber.id)

    def test(self, only: str | None = None) -> list[Tested]:
        """Send a sample alert from this process: the bot need not run."""
        chosen = [each for each in self._file.all() if only in (None, each.id)]
        make_private(self._home.folder)
        with contextlib.closing(open_alerts(self._home.alerts)) as db:
            recorded: list[tuple[str, str | None]] = []
            outcomes = _OutcomeList(recorded)
            problems = send_test_alerts(
                Deliverer().send, outcomes, sample_alert(datetime.datetime.now(datetime.UTC)), chosen
            )
            for subscriber, problem in recorded:
                note_outcome(db, subscriber, problem)
        return [
            Tested(id=each.id, kind=each.kind, address=each.masked, problem=problem)
            for each, problem in zip(chosen, problems, strict=True)
        ]

    def raised(self, limit: int, since: datetime.datetime | None = None) -> list[Alert]:
        """Return the newest alerts first."""
        return stored_alerts(self._home.alerts, limit, since)


class _OutcomeList:
    """Outcomes of the threads that send alerts. The caller writes them, because no lock guards its connection."""

    def __init__(self, recorded: list[tuple[str, str | None]]) -> None:
        self._recorded = recorded

    def record(self, subscriber: str, problem: str | None) -> None:
        self._recorded.append((subscriber, problem))


def _subscriber(to: Subscription, outcome: Outcome) -> Subscriber:
    return Subscriber(id=to.id, kind=to.kind, address=to.masked, last=outcome.time or None, problem=outcome.problem)
