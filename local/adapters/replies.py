"""The reply store of the local platform: the switch, the opt-out list and the counts of replies, in SQLite.

Commands use it beside a running bot, and without one.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

import msgspec

from twbot.lambdas.egress.permission import Choice, Switch
from twbot.local.data_folder import make_private
from twbot.local.database import Database, Schema, open_database, open_read_only
from twbot.local.reserve import with_reserve

_TABLES = """
CREATE TABLE IF NOT EXISTS switch (one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS opted_out (user_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, taken INTEGER NOT NULL, until REAL NOT NULL) WITHOUT ROWID
"""
_CHOICES = """
CREATE TABLE choices (
    user_id TEXT PRIMARY KEY, out INTEGER NOT NULL, post TEXT NOT NULL, is_news INTEGER NOT NULL) WITHOUT ROWID
"""
SCHEMA = Schema(
    (_TABLES, _CHOICES),
    "replies are on and without limits then, and whoever opted out is answered again. "
    "Set it anew first: twbot replies pause, limit, optout.",
)
# Those whom the operator has put on the list, and those who said so themselves.
OUT = "SELECT user_id FROM opted_out UNION SELECT user_id FROM choices WHERE out"
# Count one reply if fewer than :limit are counted. One statement, so that senders together never pass the limit.
TAKE = """
INSERT INTO counts SELECT :name, 1, :until WHERE :limit > 0
ON CONFLICT (name) DO UPDATE SET taken = taken + 1 WHERE taken < :limit
"""


class LocalReplies:
    """A ReplyStore, with the operators' changes to it. Several processes may have the file open.

    The first write creates the file; reading creates none. Methods raise StorageError where the file can't be used:
    then nothing is posted, as decided in docs/decisions/0007-a-withheld-reply-is-an-event.md.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._db: Database | None = None

    def close(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()

    def switch(self) -> Switch:
        rows = self._select("SELECT value FROM switch")
        return msgspec.json.decode(rows[0][0], type=Switch) if rows else Switch()

    def opted_out(self, user_id: str) -> bool:
        return bool(self._select(f"SELECT 1 FROM ({OUT}) WHERE user_id = ?", user_id))  # noqa: S608

    def choose(self, user_id: str, choice: Choice) -> bool:
        with self._lock:
            db = self._opened()
            with db.transaction():
                if db.execute("SELECT 1 FROM opted_out WHERE user_id = ?", (user_id,)).fetchone():
                    return False
                row = db.execute("SELECT out, post, is_news FROM choices WHERE user_id = ?", (user_id,)).fetchone()
                known = Choice(bool(row[0]), row[1], bool(row[2])) if row else None
                if (new := choice.after(known)) is None:
                    return False
                values = (user_id, *msgspec.structs.astuple(new))
                db.execute("INSERT OR REPLACE INTO choices VALUES (?, ?, ?, ?)", values)
                return new.is_news

    def take(self, count: str, limit: int, *, until: float) -> bool:
        """Count one reply and return True, or return False where `limit` are counted already.

        `count`: the counter's name. `until`: epoch seconds from which the counter may be deleted.
        """
        with self._lock:
            values = {"name": count, "limit": limit, "until": until}
            return self._opened().execute(TAKE, values).rowcount > 0

    def give_back(self, count: str) -> None:
        """Uncount one reply, which X refused."""
        self._write("UPDATE counts SET taken = taken - 1 WHERE name = ? AND taken > 0", count)

    def save(self, switch: Switch) -> None:
        self._write("INSERT OR REPLACE INTO switch VALUES (1, ?)", msgspec.json.encode(switch).decode())

    def opted_out_users(self) -> list[str]:
        """Return the ids of all users on the opt-out list, sorted."""
        return sorted((user for (user,) in self._select(OUT)), key=int)

    def opt_out(self, user_id: str) -> None:
        self._write("INSERT OR IGNORE INTO opted_out VALUES (?)", user_id)

    def opt_in(self, user_id: str) -> None:
        self._write("DELETE FROM opted_out WHERE user_id = ?", user_id)
        self._write("DELETE FROM choices WHERE user_id = ?", user_id)

    def prune(self) -> None:
        """Delete the counts of hours that are over."""
        if self._path.exists():
            self._write("DELETE FROM counts WHERE until < ?", time.time())

    def _select(self, query: str, *values: object) -> list[tuple[str, ...]]:
        with self._lock:
            if self._db is None and not self._path.exists():
                return []
            # A read-only folder can be looked into, too.
            if self._db is None and not os.access(self._path.parent, os.W_OK):
                with contextlib.closing(open_read_only(self._path, SCHEMA)) as db:
                    return list(db.execute(query, values).fetchall())
            return list(self._opened().execute(query, values).fetchall())

    def _write(self, statement: str, *values: object) -> None:
        with self._lock:
            # Whoever stops or restricts the bot must be able to do so on a full disk.
            with_reserve(self._path.parent, lambda: self._opened().execute(statement, values))

    def _opened(self) -> Database:
        if self._db is None:
            make_private(self._path.parent)
            self._db = with_reserve(self._path.parent, lambda: open_database(self._path, SCHEMA))
        return self._db
