"""The reply store of the local platform: the switch, the opt-out list and the counts of replies, in SQLite.

Commands use it beside a running bot, and without one.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from twbot.lambdas.egress.permission import Switch
from twbot.lambdas.errors import Temporary
from twbot.local.data_folder import make_private
from twbot.local.reserve import with_reserve

SCHEMA = """
CREATE TABLE IF NOT EXISTS switch (one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS opted_out (user_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, taken INTEGER NOT NULL, until REAL NOT NULL) WITHOUT ROWID;
"""
# Count one reply if fewer than :limit are counted. One statement, so that senders together never pass the limit.
TAKE = """
INSERT INTO counts SELECT :name, 1, :until WHERE :limit > 0
ON CONFLICT (name) DO UPDATE SET taken = taken + 1 WHERE taken < :limit
"""


class LocalReplies:
    """A ReplyStore, with the operators' changes to it. Several processes may have the file open.

    The first write creates the file; reading creates none. Methods raise Temporary where the file can't be used: then
    nothing is posted, as decided in docs/decisions/0007-a-withheld-reply-is-an-event.md.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def close(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()

    def switch(self) -> Switch:
        rows = self._select("SELECT value FROM switch")
        return msgspec.json.decode(rows[0][0], type=Switch) if rows else Switch()

    def opted_out(self, user_id: str) -> bool:
        return bool(self._select("SELECT 1 FROM opted_out WHERE user_id = ?", user_id))

    def take(self, count: str, limit: int, *, until: float) -> bool:
        """Count one reply and return True, or return False where `limit` are counted already.

        `count`: the counter's name. `until`: epoch seconds from which the counter may be deleted.
        """
        with self._lock, _translated():
            values = {"name": count, "limit": limit, "until": until}
            return self._opened().execute(TAKE, values).rowcount > 0

    def give_back(self, count: str) -> None:
        """Uncount one reply, which X refused."""
        self._write("UPDATE counts SET taken = taken - 1 WHERE name = ? AND taken > 0", count)

    def save(self, switch: Switch) -> None:
        self._write("INSERT OR REPLACE INTO switch VALUES (1, ?)", msgspec.json.encode(switch).decode())

    def opted_out_users(self) -> list[str]:
        """Return the ids of all users on the opt-out list, sorted."""
        return sorted((user for (user,) in self._select("SELECT user_id FROM opted_out")), key=int)

    def opt_out(self, user_id: str) -> None:
        self._write("INSERT OR IGNORE INTO opted_out VALUES (?)", user_id)

    def opt_in(self, user_id: str) -> None:
        self._write("DELETE FROM opted_out WHERE user_id = ?", user_id)

    def _select(self, query: str, *values: object) -> list[tuple[str, ...]]:
        with self._lock, _translated():
            is_new = self._db is None and not self._path.exists()
            return [] if is_new else self._opened().execute(query, values).fetchall()

    def _write(self, statement: str, *values: object) -> None:
        with self._lock, _translated():
            # Whoever stops or restricts the bot must be able to do so on a full disk.
            with_reserve(self._path.parent, lambda: self._opened().execute(statement, values))

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            make_private(self._path.parent)
            self._db = with_reserve(self._path.parent, self._open)
        return self._db

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=10)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(SCHEMA)
            db.execute("DELETE FROM counts WHERE until < ?", (time.time(),))
        except sqlite3.Error:
            db.close()
            raise
        return db


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Temporary(f"Cannot tell whether the bot may reply: {error}.") from None
