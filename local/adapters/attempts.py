"""The attempts to post replies, in the file of the replies that were sent."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from twbot.lambdas.egress.attempts import Attempt
from twbot.lambdas.errors import Temporary
from twbot.lambdas.retention import ANSWERED_SECONDS

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS attempts (chain TEXT PRIMARY KEY, value TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID"
)


class LocalAttempts:
    """The Attempts of the local platform. Threads may share it."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        # FULL: a request that is under way at a power cut must not be forgotten, or the reply would be posted again.
        # https://www.sqlite.org/pragma.html#pragma_synchronous
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(SCHEMA)
        self._db.execute("DELETE FROM attempts WHERE at < ?", (time.time() - ANSWERED_SECONDS,))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def get(self, chain: str) -> Attempt | None:
        with self._lock, _translated():
            row = self._db.execute("SELECT value FROM attempts WHERE chain = ?", (chain,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Attempt)

    def put(self, chain: str, attempt: Attempt) -> None:
        row = (chain, msgspec.json.encode(attempt).decode(), time.time())
        with self._lock, _translated():
            self._db.execute("INSERT OR REPLACE INTO attempts VALUES (?, ?, ?)", row)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Temporary(f"Cannot note that a reply is about to be posted: {error}.") from None
