"""The alerts of the local platform: kept, listed, and posted to a web address where the operator gave one."""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
import threading
from pathlib import Path

import msgspec
import requests

from lambdas.alerting.message import SUBJECT, body
from lambdas.contracts import Event, MessageAnalysed, read
from lambdas.errors import Temporary, TwbotError
from lambdas.settings import is_safe_url

TIMEOUTS = (3.05, 10.0)
SCHEMA = """
CREATE TABLE IF NOT EXISTS alerts (
    tweet_id TEXT PRIMARY KEY, time TEXT NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL,
    negative REAL, subject TEXT NOT NULL, body TEXT NOT NULL, posted INTEGER NOT NULL DEFAULT 0
)
"""


class Alert(msgspec.Struct, frozen=True):
    """One alert; `negative` is how sure the analysis was, 0 to 1; `posted` whether it went to the address."""

    tweet_id: str
    time: str
    author: str
    text: str
    negative: float | None
    subject: str
    body: str
    posted: bool = False


class Alerts:
    """One alert for each post, however often its event comes."""

    def __init__(self, path: Path, *, url: str | None = None) -> None:
        if url is not None and not is_safe_url(url):
            raise TwbotError("Alerts go to an https address, or to this machine.")
        self._url = url
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def handle(self, event: Event) -> None:
        """Keep the alert for a MESSAGE_ANALYSED; then post it, unless that is done. Raises Temporary."""
        alert = alert_for(event)
        row = (*msgspec.structs.astuple(alert)[:-1], 0)
        with self._lock:
            self._db.execute("INSERT OR IGNORE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            (posted,) = self._db.execute("SELECT posted FROM alerts WHERE tweet_id = ?", (alert.tweet_id,)).fetchone()
        if self._url and not posted:
            _post(self._url, alert)
            with self._lock:
                self._db.execute("UPDATE alerts SET posted = 1 WHERE tweet_id = ?", (alert.tweet_id,))

    def newest(self, limit: int = 100) -> list[Alert]:
        """The newest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT * FROM alerts ORDER BY time DESC, tweet_id DESC LIMIT ?", (limit,)
            ).fetchall()
        return [msgspec.convert(dict(row), Alert, strict=False) for row in rows]


def kept_alert(path: Path, tweet_id: str) -> Alert | None:
    """The alert about a post, also while another process keeps them."""
    return next((each for each in kept_alerts(path) if each.tweet_id == tweet_id), None)


def kept_alerts(path: Path, limit: int | None = None) -> list[Alert]:
    """The newest first, also while another process keeps them."""
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        query = "SELECT * FROM alerts ORDER BY time DESC, tweet_id DESC LIMIT ?"
        rows = db.execute(query, (-1 if limit is None else limit,)).fetchall()
    return [msgspec.convert(dict(row), Alert, strict=False) for row in rows]


def alert_for(event: Event) -> Alert:
    """The alert that a MESSAGE_ANALYSED makes. Raises BadEvent."""
    message = read(event.detail, MessageAnalysed)
    return Alert(
        tweet_id=message.twitter.tweet_id,
        time=event.time,
        author=message.author,
        text=message.text,
        negative=(message.analysis.sentiment_score or {}).get("Negative"),
        subject=SUBJECT,
        body=body(event),
    )


def post_test(url: str, at: datetime.datetime) -> None:
    """Post a test to the address. Raises Temporary."""
    words = "This is a test: somebody typed `twbot alerts test`."
    time = at.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    _post(url, Alert("0", time, "twbot", words, None, f"Test: {SUBJECT}", words))


def _post(url: str, alert: Alert) -> None:
    """The address may hold a password: no error shows it."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(
                url,
                data=msgspec.json.encode(alert),
                headers={"Content-Type": "application/json"},
                timeout=TIMEOUTS,
                allow_redirects=False,
            )
    except requests.RequestException as error:
        raise Temporary(f"The address for alerts cannot be reached: {type(error).__name__}.") from None
    if not answer.ok or answer.is_redirect:
        raise Temporary(f"The address for alerts answered {answer.status_code}.")
