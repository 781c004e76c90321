"""Who hears of the alerts of this machine's bot, and which were raised. A running bot takes changes up by itself."""

from __future__ import annotations

import contextlib
import datetime
from pathlib import Path

from twbot.cli.operations.alerts.records import Subscriber, Tested
from twbot.lambdas.alerting.alert import Alert, sample_alert
from twbot.lambdas.alerting.delivery import send_test_alerts
from twbot.lambdas.alerting.subscription import Subscription
from twbot.lambdas.errors import NotConfigured
from twbot.local.adapters.alerts import Deliverer, Outcome, kept_alerts, kept_outcomes, note_outcome, open_alerts
from twbot.local.adapters.subscribers import SubscriberFile
from twbot.local.data_folder import DataFolder, make_private

NEVER = Outcome("", None)


class LocalAlerts:
    """Only this machine's user can read the file with the addresses."""

    def __init__(self, folder: Path) -> None:
        self._home = DataFolder(folder)
        self._file = SubscriberFile(self._home.subscribers)

    def subscribers(self) -> list[Subscriber]:
        outcomes = kept_outcomes(self._home.alerts)
        return [_shown(each, outcomes.get(each.id, NEVER)) for each in self._file.all()]

    def subscribe(self, wanted: Subscription) -> Subscriber:
        """Raises NotConfigured for what this machine can't do."""
        if wanted.kind == "sms":
            raise NotConfigured("This machine sends no SMS: a stage on AWS does (--stage).")
        if wanted.kind == "email" and wanted.smtp is None:
            raise NotConfigured("Email needs a server that takes it: --smtp smtps://user@host:465")
        make_private(self._home.folder)
        self._file.add(wanted)
        return _shown(wanted, NEVER)

    def remove(self, subscriber: Subscriber) -> None:
        self._file.remove(subscriber.id)

    def test(self, only: str | None = None) -> list[Tested]:
        """From this process; the bot need not run."""
        chosen = [each for each in self._file.all() if only in (None, each.id)]
        make_private(self._home.folder)
        with contextlib.closing(open_alerts(self._home.alerts)) as db:
            kept: list[tuple[str, str | None]] = []
            outcomes = _Gathered(kept)
            problems = send_test_alerts(
                Deliverer().send, outcomes, sample_alert(datetime.datetime.now(datetime.UTC)), chosen
            )
            for subscriber, problem in kept:
                note_outcome(db, subscriber, problem)
        return [
            Tested(id=each.id, kind=each.kind, address=each.masked, problem=problem)
            for each, problem in zip(chosen, problems, strict=True)
        ]

    def raised(self, limit: int, since: datetime.datetime | None = None) -> list[Alert]:
        """The newest first."""
        return kept_alerts(self._home.alerts, limit, since)


class _Gathered:
    """Outcomes of several threads, for one to write."""

    def __init__(self, kept: list[tuple[str, str | None]]) -> None:
        self._kept = kept

    def record(self, subscriber: str, problem: str | None) -> None:
        self._kept.append((subscriber, problem))


def _shown(one: Subscription, outcome: Outcome) -> Subscriber:
    return Subscriber(id=one.id, kind=one.kind, address=one.masked, last=outcome.time or None, problem=outcome.problem)
