"""The alerts of the local platform: kept, listed, and told to whoever subscribed."""

from __future__ import annotations

import contextlib
import datetime
import logging
import sqlite3
import threading
from pathlib import Path
from typing import NamedTuple

import msgspec

from twbot.lambdas.alerting.alert import Alert, alert_for
from twbot.lambdas.alerting.delivery import Notifier
from twbot.lambdas.alerting.subscription import CHATS, Kind, Subscription
from twbot.lambdas.alerting.webhooks import Webhooks
from twbot.lambdas.contracts import Event
from twbot.local.adapters.idempotency import SqlitePersistence, idempotency_config
from twbot.local.adapters.mail import send_mail
from twbot.local.adapters.subscribers import SubscriberFile
from twbot.local.data_folder import DataFolder

DIRECT: tuple[Kind, ...] = ("email", "https")
SCHEMA = """
CREATE TABLE IF NOT EXISTS alerts (
    tweet_id TEXT PRIMARY KEY, time TEXT NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL,
    negative REAL, subject TEXT NOT NULL, body TEXT NOT NULL, posted INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS outcomes (subscriber TEXT PRIMARY KEY, time TEXT NOT NULL, problem TEXT) WITHOUT ROWID;
"""
NEWEST = "SELECT * FROM alerts WHERE time >= ? ORDER BY time DESC, tweet_id DESC LIMIT ?"

log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """How the last try to tell a subscriber ended; `problem` is None where it has the alert."""

    time: str
    problem: str | None


class Alerts:
    """One alert for each post, however often its event comes; each is told once to each subscriber."""

    def __init__(self, home: DataFolder) -> None:
        self._db = open_alerts(home.alerts)
        self._lock = threading.Lock()
        self._subscribers = SubscriberFile(home.subscribers)
        self._deliver = Deliverer()
        self._once = SqlitePersistence(home.told)
        self._teller = Notifier(self._send, self, self._once, idempotency_config())

    def close(self) -> None:
        with self._lock:
            self._db.close()
        self._once.close()

    def handle(self, event: Event) -> None:
        """Keep the alert for a MESSAGE_ANALYSED, and tell whom AWS's topic would. Raises Temporary, Permanent."""
        self._tell(event, DIRECT)

    def notify(self, event: Event) -> None:
        """Tell the chats, as AWS's notify function does. Raises Temporary, Permanent."""
        self._tell(event, CHATS)

    def newest(self, limit: int = 100) -> list[Alert]:
        """The newest first."""
        with self._lock:
            return [_alert(row) for row in self._db.execute(NEWEST, ("", limit)).fetchall()]

    def record(self, subscriber: str, problem: str | None) -> None:
        with self._lock:
            note_outcome(self._db, subscriber, problem)

    def _tell(self, event: Event, kinds: tuple[Kind, ...]) -> None:
        alert = alert_for(event)
        row = (*msgspec.structs.astuple(alert)[:-1], 0)
        with self._lock:
            self._db.execute("INSERT OR IGNORE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        self._teller.notify(alert, [each for each in self._subscribers.all() if each.kind in kinds])

    def _send(self, to: Subscription, alert: Alert) -> None:
        self._deliver.send(to, alert)
        with self._lock:
            self._db.execute("UPDATE alerts SET posted = 1 WHERE tweet_id = ?", (alert.tweet_id,))


class Deliverer:
    """By mail or webhook, as the subscriber wants it."""

    def __init__(self) -> None:
        self._webhooks = Webhooks()

    def send(self, to: Subscription, alert: Alert) -> None:
        """Raises Temporary, Permanent."""
        if to.kind == "email":
            send_mail(to, alert)
        else:
            self._webhooks.send(to, alert)


def open_alerts(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(SCHEMA)
    return db


def note_outcome(db: sqlite3.Connection, subscriber: str, problem: str | None) -> None:
    """The alert went out, or did not, whether this can be noted or not."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    try:
        db.execute("INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?)", (subscriber, now, problem))
    except sqlite3.Error as error:
        log.warning("cannot note how an alert went: %s", error, extra={"subscriber": subscriber})


def kept_alert(path: Path, tweet_id: str) -> Alert | None:
    """The alert about a post, also while another process keeps them."""
    return next((each for each in kept_alerts(path) if each.tweet_id == tweet_id), None)


def kept_alerts(path: Path, limit: int | None = None, since: datetime.datetime | None = None) -> list[Alert]:
    """The newest first, also while another process keeps them."""
    start = since.astimezone(datetime.UTC).isoformat(timespec="seconds").removesuffix("+00:00") if since else ""
    return [_alert(row) for row in _read(path, NEWEST, start, -1 if limit is None else limit)]


def kept_outcomes(path: Path) -> dict[str, Outcome]:
    """By the subscriber's id."""
    return {row["subscriber"]: Outcome(row["time"], row["problem"]) for row in _read(path, "SELECT * FROM outcomes")}


def _read(path: Path, query: str, *values: int | str) -> list[sqlite3.Row]:
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        return db.execute(query, values).fetchall()


def _alert(row: sqlite3.Row) -> Alert:
    return msgspec.convert(dict(row), Alert, strict=False)
