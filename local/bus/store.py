"""The bus's SQLite file: events, their deliveries, and the deduplication keys."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from twbot.lambdas.errors import TwbotError
from twbot.local.database import Schema, open_database, open_read_only

WAITING, DONE, DEAD = 0, 1, 2
STATES = ("waiting", "done", "dead")
# The condition of the index of what is not done. SQLite uses a partial index only for a query that has its condition as
# a term of its own: `state = 0` alone reads all. https://www.sqlite.org/partialindex.html#queries_using_partial_indexes
UNDONE = "state <> 1"

_TABLES = """
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, time TEXT NOT NULL, tweet TEXT, replay TEXT,
    body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_id ON events (id);
CREATE INDEX IF NOT EXISTS events_by_type ON events (type, time);
CREATE INDEX IF NOT EXISTS events_by_tweet ON events (tweet) WHERE tweet IS NOT NULL;
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY, event INTEGER NOT NULL, rule TEXT NOT NULL, state INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, first_try REAL, last_try REAL, ended REAL, error TEXT);
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event);
CREATE INDEX IF NOT EXISTS deliveries_open ON deliveries (state) WHERE state <> 1;
CREATE TABLE IF NOT EXISTS once (key TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""
# `value`: what is known of the key, such as the words of a reply that are fixed when it is first made. The indexes are
# for the retention, which would else read everything each hour.
_ONCE_HAS_A_VALUE = """
ALTER TABLE once ADD COLUMN value TEXT;
CREATE INDEX events_by_time ON events (time);
CREATE INDEX once_by_at ON once (at)
"""
_OPEN = (
    "SELECT d.id, d.rule, d.attempts, d.due, d.first_try, e.time, e.seq, e.body FROM deliveries d"
    " JOIN events e ON e.seq = d.event"
)
SCHEMA = Schema(
    migrations=(_TABLES, _ONCE_HAS_A_VALUE),
    without="the archive, the dead letters and what still waits are gone then, and a post that X sends again may be "
    "answered twice. The lake stays.",
)


class AlreadyRunning(TwbotError):
    """Another process works on the same data."""


class EventRow(NamedTuple):
    """A row of `events`, in the order of its columns."""

    seq: int
    """The sequence number, in order of publication."""
    id: str
    type: str
    time: str
    """RFC 3339 in UTC."""
    tweet: str | None
    """The post that the event is about."""
    replay: str | None
    """The name of the replay that delivered it again."""
    body: bytes
    """The event as JSON."""


class Outcome(NamedTuple):
    """The result of an attempt, in the order of UPDATE's parameters. Times are epoch seconds."""

    state: int
    """WAITING, DONE or DEAD."""
    attempts: int
    due: float
    first_try: float | None
    last_try: float | None
    ended: float | None
    error: str | None
    delivery: int
    """The delivery's id."""


class OpenDelivery(NamedTuple):
    """A waiting delivery with its event, as the file has it. Times are epoch seconds."""

    id: int
    rule: str
    attempts: int
    due: float
    first_try: float | None
    time: str
    """The event's time."""
    event: int
    """The event's sequence number."""
    body: bytes
    """The event as JSON."""


class Store:
    """The open file. Only one thread at a time may use it: the bus's writer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # FULL: a commit survives a power cut. It costs an fsync a commit, and one commit carries many events.
        self._db = open_database(path, SCHEMA, synchronous="FULL")
        self._db.execute("PRAGMA cache_size = -16000")
        self.place = self._db.place
        self.last_event: int = self._db.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
        self.last_delivery: int = self._db.execute("SELECT coalesce(max(id), 0) FROM deliveries").fetchone()[0]

    def transaction(self) -> AbstractContextManager[None]:
        """Commit everything within or nothing. Raises StorageError, Moved where the file is gone."""
        return self._db.transaction()

    def claim_key(self, key: str, now: float, known: str | None = None) -> bool:
        """Record a deduplication key with what is known (JSON). Return False where it was recorded before.

        See docs/decisions/0003-an-entry-carries-its-once-key.md.
        """
        return (
            self._db.execute("INSERT OR IGNORE INTO once (key, at, value) VALUES (?, ?, ?)", (key, now, known)).rowcount
            == 1
        )

    def known(self, key: str) -> str | None:
        """Return what was recorded with a key; None for a key that is complete, or whose post was erased."""
        found = self._db.execute("SELECT value FROM once WHERE key = ?", (key,)).fetchone()
        return found[0] if found else None

    def keep_known(self, key: str, known: str | None) -> None:
        """Record with a key what is known. None: nothing more is published with it."""
        # It holds the author's name: where it is erased, no free page may keep it.
        # https://www.sqlite.org/pragma.html#pragma_secure_delete
        if known is None:
            self._db.execute("PRAGMA secure_delete = ON").fetchall()
        self._db.execute("UPDATE once SET value = ? WHERE key = ?", (known, key))

    def fix(self, key: str, value: str, now: float) -> str:
        """Store a value under a key, unless one is stored there. Return the stored one."""
        upsert = (
            "INSERT INTO once (key, at, value) VALUES (?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = coalesce(value, excluded.value) RETURNING value"
        )
        stored: str = self._db.execute(upsert, (key, now, value)).fetchone()[0]
        return stored

    def add_number(self, key: str, amount: float, now: float) -> float:
        """Add to the number under a key, 0 at first. Return the sum."""
        upsert = (
            "INSERT INTO once (key, at, value) VALUES (?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = CAST(value AS REAL) + excluded.value, at = excluded.at"
            " RETURNING CAST(value AS REAL)"
        )
        total: float = self._db.execute(upsert, (key, now, amount)).fetchone()[0]
        return total

    def add(self, events: Iterable[EventRow], deliveries: Iterable[tuple[int, int, str, float]]) -> None:
        """Insert events and deliveries. `deliveries`: id, the event's seq, rule, due."""
        self._db.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", events)
        self._db.executemany("INSERT INTO deliveries (id, event, rule, due) VALUES (?, ?, ?, ?)", deliveries)

    def settle(self, outcomes: Iterable[Outcome]) -> None:
        self._db.executemany(
            "UPDATE deliveries SET state=?, attempts=?, due=?, first_try=?, last_try=?, ended=?, error=? WHERE id=?",
            outcomes,
        )

    def open_deliveries(self, only: Sequence[int] | None = None) -> list[OpenDelivery]:
        """Return the waiting deliveries, all or those with these ids."""
        query = f"{_OPEN} WHERE d.state = 0 AND d.{UNDONE}"
        rows = self._db.execute(f"{query} ORDER BY d.id").fetchall() if only is None else []
        for delivery in only or ():
            rows += self._db.execute(f"{query} AND d.id = ?", (delivery,)).fetchall()
        return [OpenDelivery(*row) for row in rows]

    def redrive(self, deliveries: Sequence[int], now: float) -> list[int]:
        """Set dead letters to waiting, as if they had never been tried. Return the ids that were dead letters."""
        dead = self._dead(deliveries)
        self._db.executemany(
            "UPDATE deliveries SET state=0, attempts=0, due=?, first_try=NULL, ended=NULL WHERE id=?",
            [(now, delivery) for delivery in dead],
        )
        return dead

    def rules_of(self, deliveries: Sequence[int]) -> set[str]:
        """Return the rules of dead letters."""
        found: set[str] = set()
        for delivery in deliveries:
            rows = self._db.execute("SELECT rule FROM deliveries WHERE id=? AND state=2", (delivery,)).fetchall()
            found |= {row[0] for row in rows}
        return found

    def purge(self, deliveries: Sequence[int]) -> int:
        """Delete dead letters. Return how many of the ids were dead letters."""
        dead = self._dead(deliveries)
        self._db.executemany("DELETE FROM deliveries WHERE id=?", [(delivery,) for delivery in dead])
        return len(dead)

    def hold(self, except_rules: Sequence[str], now: float, reason: str) -> int:
        """Make dead letters of the waiting deliveries, but for those of some rules. Return how many there were."""
        others = ", ".join("?" * len(except_rules))
        query = f"UPDATE deliveries SET state=2, ended=?, error=? WHERE state=0 AND {UNDONE} AND rule NOT IN ({others})"  # noqa: S608
        return self._db.execute(query, (now, reason, *except_rules)).rowcount

    def _dead(self, deliveries: Sequence[int]) -> list[int]:
        found = []
        for delivery in deliveries:
            found += self._db.execute("SELECT id FROM deliveries WHERE id=? AND state=2", (delivery,)).fetchall()
        return [row[0] for row in found]

    def forget(self, events: Sequence[int]) -> tuple[int, list[int]]:
        """Delete events and their deliveries. Return how many events existed, and the ids of the waiting deliveries."""
        # Overwrite the deleted content with zeros: else it stays in free pages of the file.
        # https://www.sqlite.org/pragma.html#pragma_secure_delete
        self._db.execute("PRAGMA secure_delete = ON").fetchall()
        chosen = [(event,) for event in events]
        waiting: list[int] = []
        for each in chosen:
            rows = self._db.execute("SELECT id FROM deliveries WHERE event = ? AND state = 0", each).fetchall()
            waiting += [row[0] for row in rows]
        # Then all of it before the first row goes: a deletion may move other rows to another page, whose copies stay
        # behind in the free space of theirs. An overwrite of the same length happens in place.
        self._db.executemany("UPDATE events SET body = zeroblob(length(body)) WHERE seq = ?", chosen)
        self._db.executemany("DELETE FROM deliveries WHERE event = ?", chosen)
        return self._db.executemany("DELETE FROM events WHERE seq = ?", chosen).rowcount, waiting

    def prune(self, before: str, keys_before: float, limit: int) -> tuple[int, int]:
        """Delete at most `limit` events older than `before`, and as many keys older than `keys_before`.

        Events with waiting or dead deliveries stay. Return how many events and how many keys were deleted.
        """
        unfinished = "SELECT event FROM deliveries WHERE state <> 1"
        old = f"SELECT seq FROM events WHERE time < ? AND seq NOT IN ({unfinished}) LIMIT ?"  # noqa: S608
        events = self._db.execute(old, (before, limit)).fetchall()
        self._db.executemany("DELETE FROM deliveries WHERE event = ?", events)
        self._db.executemany("DELETE FROM events WHERE seq = ?", events)
        keys = self._db.execute(
            "DELETE FROM once WHERE key IN (SELECT key FROM once WHERE at < ? LIMIT ?)", (keys_before, limit)
        ).rowcount
        self._db.shrink()
        return len(events), keys

    def close(self) -> None:
        self._db.close()


class KnownKeys:
    """Reads what is stored under deduplication keys, beside the writer. Threads may share it."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = open_read_only(path, SCHEMA)

    def value(self, key: str) -> str | None:
        """Return what the last commit has under a key. Raises StorageError."""
        with self._lock:
            # To the end: an unfinished query would keep the journal from being copied to the file.
            rows = self._db.execute("SELECT value FROM once WHERE key = ?", (key,)).fetchall()
        return rows[0][0] if rows else None

    def close(self) -> None:
        with self._lock:
            self._db.close()
