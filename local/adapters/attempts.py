"""The attempts to post replies, in SQLite."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import msgspec

from twbot.lambdas.egress.attempts import Attempt
from twbot.lambdas.retention import ANSWERED_SECONDS
from twbot.local.database import Schema, open_database

_TABLE = (
    "CREATE TABLE IF NOT EXISTS attempts (chain TEXT PRIMARY KEY, value TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID"
)
SCHEMA = Schema((_TABLE,), "a reply that X posted without an answer is posted again then.")


class LocalAttempts:
    """The Attempts of the local platform. Threads may share it."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        # FULL: a request that is under way at a power cut must not be forgotten, or the reply would be posted again.
        self._db = open_database(path, SCHEMA, synchronous="FULL")
        self.place = self._db.place

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def get(self, chain: str) -> Attempt | None:
        with self._lock:
            row = self._db.execute("SELECT value FROM attempts WHERE chain = ?", (chain,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Attempt)

    def put(self, chain: str, attempt: Attempt) -> None:
        row = (chain, msgspec.json.encode(attempt).decode(), time.time())
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO attempts VALUES (?, ?, ?)", row)

    def prune(self) -> None:
        """Delete what is older than X's events and the archive's replays can be."""
        with self._lock:
            self._db.execute("DELETE FROM attempts WHERE at < ?", (time.time() - ANSWERED_SECONDS,))
            self._db.shrink()
