"""The alerts of the local platform: stores them in SQLite, lists them, and sends them to the subscribers."""

from __future__ import annotations

import contextlib
import datetime
import logging
import sqlite3
import threading
from pathlib import Path
from typing import NamedTuple

import msgspec

from twbot.lambdas.alerting.alert import Alert, alert_for, replay_of
from twbot.lambdas.alerting.delivery import Notifier, recording
from twbot.lambdas.alerting.subscription import CHATS, Kind, Subscription
from twbot.lambdas.alerting.webhooks import Webhooks
from twbot.lambdas.contracts import Event
from twbot.local.adapters.idempotency import SqlitePersistence, idempotency_config
from twbot.local.adapters.mail import send_mail
from twbot.local.adapters.subscribers import SubscriberFile
from twbot.local.data_folder import DataFolder
from twbot.local.database import Database, Schema, StorageError, open_database, open_read_only

DIRECT: tuple[Kind, ...] = ("email", "https")
_TABLES = """
CREATE TABLE IF NOT EXISTS alerts (
    tweet_id TEXT PRIMARY KEY, time TEXT NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL,
    negative REAL, subject TEXT NOT NULL, body TEXT NOT NULL, posted INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS outcomes (subscriber TEXT PRIMARY KEY, time TEXT NOT NULL, problem TEXT) WITHOUT ROWID
"""
SCHEMA = Schema((_TABLES,), "the alerts that were raised are not listed then; nobody is told of them again.")
NEWEST = "SELECT * FROM alerts WHERE time >= ? ORDER BY time DESC, tweet_id DESC LIMIT ?"

log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """The result of the last delivery to a subscriber."""

    time: str
    """RFC 3339 in UTC."""
    problem: str | None
    """None where the subscriber has the alert."""


class Alerts:
    """Stores one alert for each post, however often its event comes, and sends it once to each subscriber."""

    def __init__(self, home: DataFolder) -> None:
        self._lock = threading.Lock()
        self._subscribers = SubscriberFile(home.subscribers)
        self._deliverer = Deliverer()
        self._persistence = SqlitePersistence(home.alert_deliveries)
        self._db = open_alerts(home.alerts)
        self.places = [self._db.place, self._persistence.place]
        send, config = recording(self._send, self), idempotency_config()
        # Two rules, so that a failure in one group does not repeat the other's deliveries:
        # docs/decisions/0006-who-hears-of-alerts-is-no-setting.md
        self._topic = Notifier("topic", send, self._persistence, config)
        self._chats = Notifier("chats", send, self._persistence, config)

    def close(self) -> None:
        with self._lock:
            self._db.close()
        self._persistence.close()

    def prune(self, before: datetime.datetime) -> int:
        """Delete the alerts that were raised before. Return how many there were."""
        with self._lock:
            count = self._db.execute("DELETE FROM alerts WHERE time < ?", (_text(before),)).rowcount
            self._db.shrink()
            return count

    def prune_deliveries(self) -> int:
        """Delete the expired records of who was told. Return how many there were."""
        return self._persistence.prune()

    def handle(self, event: Event) -> None:
        """Store the alert for a MESSAGE_ANALYSED and send it to those whom AWS's topic serves: email and https.

        Raises Temporary, Permanent.
        """
        self._alert(event, self._topic, DIRECT)

    def notify(self, event: Event) -> None:
        """Send the alert to the chats, as AWS's function `notify` does. Raises Temporary, Permanent."""
        self._alert(event, self._chats, CHATS)

    def newest(self, limit: int = 100) -> list[Alert]:
        """Return the newest alerts, newest first."""
        with self._lock:
            return [_alert(row) for row in self._db.execute(NEWEST, ("", limit)).fetchall()]

    def record(self, subscriber: str, problem: str | None) -> None:
        with self._lock:
            note_outcome(self._db, subscriber, problem)

    def _alert(self, event: Event, notifier: Notifier[Subscription], kinds: tuple[Kind, ...]) -> None:
        alert = alert_for(event)
        row = (*msgspec.structs.astuple(alert)[:-1], 0)
        with self._lock:  # whichever of the two rules comes first stores the alert
            self._db.execute("INSERT OR IGNORE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        subscribers = [each for each in self._subscribers.all() if each.kind in kinds]
        notifier.notify(alert, subscribers, replay=replay_of(event))

    def _send(self, to: Subscription, alert: Alert) -> None:
        self._deliverer.send(to, alert)
        with self._lock:
            self._db.execute("UPDATE alerts SET posted = 1 WHERE tweet_id = ?", (alert.tweet_id,))


class Deliverer:
    """Sends an alert by mail or webhook, by the subscription's kind."""

    def __init__(self) -> None:
        self._webhooks = Webhooks()

    def send(self, to: Subscription, alert: Alert) -> None:
        """Send one alert to one subscriber. Raises Temporary, Permanent."""
        if to.kind == "email":
            send_mail(to, alert)
        else:
            self._webhooks.send(to, alert)


def open_alerts(path: Path) -> Database:
    """Open the file of the alerts for writing. Raises StorageError."""
    db = open_database(path, SCHEMA)
    db.row_factory = sqlite3.Row
    return db


def note_outcome(db: Database, subscriber: str, problem: str | None) -> None:
    """Store the result of a delivery to a subscriber. Where that fails, only log it: the delivery itself is done."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    try:
        db.execute("INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?)", (subscriber, now, problem))
    except StorageError as error:
        log.warning("cannot note how an alert went: %s", error, extra={"subscriber": subscriber})


def stored_alert(path: Path, tweet_id: str) -> Alert | None:
    """Return the alert about a post, None where there is none. Another process may write the file meanwhile."""
    return next((each for each in stored_alerts(path) if each.tweet_id == tweet_id), None)


def stored_alerts(path: Path, limit: int | None = None, since: datetime.datetime | None = None) -> list[Alert]:
    """Return alerts, newest first. Another process may write the file meanwhile."""
    start = _text(since) if since else ""
    return [_alert(row) for row in _read(path, NEWEST, start, -1 if limit is None else limit)]


def stored_outcomes(path: Path) -> dict[str, Outcome]:
    """Return the last outcome of each subscriber, by subscription id."""
    return {row["subscriber"]: Outcome(row["time"], row["problem"]) for row in _read(path, "SELECT * FROM outcomes")}


def _read(path: Path, query: str, *values: int | str) -> list[sqlite3.Row]:
    if not path.exists():
        return []
    with contextlib.closing(open_read_only(path, SCHEMA)) as db:
        db.row_factory = sqlite3.Row
        return db.execute(query, values).fetchall()


def _text(moment: datetime.datetime) -> str:
    """Format a time so that it compares with those of alerts, which end with Z or have milliseconds."""
    return moment.astimezone(datetime.UTC).isoformat(timespec="seconds").removesuffix("+00:00")


def _alert(row: sqlite3.Row) -> Alert:
    return msgspec.convert(dict(row), Alert, strict=False)
