"""The bus's SQLite file: events, their deliveries, and the deduplication keys."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from twbot.lambdas.errors import Temporary, TwbotError

WAITING, DONE, DEAD = 0, 1, 2
STATES = ("waiting", "done", "dead")

SCHEMA = """
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
CREATE TABLE IF NOT EXISTS once (key TEXT PRIMARY KEY, at REAL NOT NULL, value TEXT) WITHOUT ROWID;
"""


class StorageError(Temporary):
    """The bus's file can't be read or written: the disk is full, read-only or broken."""


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


class Lock:
    """A file lock of the one process that may write. Raises StorageError, AlreadyRunning.

    The operating system releases it when the process ends, even by `kill -9`: no stale lock is left to remove.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file: IO[bytes] = path.open("ab")
        except OSError as error:
            raise StorageError(f"Cannot write to {path.parent}: {error.strerror}.") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise AlreadyRunning(f"Another twbot is running on {path.parent}.") from None

    def release(self) -> None:
        self._file.close()


class Store:
    """The open file. Only one thread at a time may use it: the bus's writer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with translate_sqlite_errors(path):
            # Make the file before SQLite does, which would make it readable by others.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            # WAL: readers such as `twbot tail` don't block the writer. https://www.sqlite.org/wal.html
            # FULL: a commit survives a power cut. It costs an fsync a commit, and one commit carries many events.
            # https://www.sqlite.org/pragma.html#pragma_synchronous
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -16000"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.executescript(SCHEMA)
            self._add_column_of_known_fields()
            self.last_event: int = self._db.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
            self.last_delivery: int = self._db.execute("SELECT coalesce(max(id), 0) FROM deliveries").fetchone()[0]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything within or nothing. Raises StorageError."""
        with translate_sqlite_errors(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def claim_key(self, key: str, now: float, known: str | None = None) -> bool:
        """Record a deduplication key with what is known (JSON). Return False where it was recorded before.

        See docs/decisions/0003-an-entry-carries-its-once-key.md.
        """
        return self._db.execute("INSERT OR IGNORE INTO once VALUES (?, ?, ?)", (key, now, known)).rowcount == 1

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

    def _add_column_of_known_fields(self) -> None:
        # A file of an older twbot: its keys have no value, so nothing is published again for their sake.
        if not any(column[1] == "value" for column in self._db.execute("PRAGMA table_info(once)")):
            self._db.execute("ALTER TABLE once ADD COLUMN value TEXT")

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
        query = (
            "SELECT d.id, d.rule, d.attempts, d.due, d.first_try, e.time, e.seq, e.body FROM deliveries d"
            " JOIN events e ON e.seq = d.event WHERE d.state = 0"
        )
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

    def purge(self, deliveries: Sequence[int]) -> int:
        """Delete dead letters. Return how many of the ids were dead letters."""
        dead = self._dead(deliveries)
        self._db.executemany("DELETE FROM deliveries WHERE id=?", [(delivery,) for delivery in dead])
        return len(dead)

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

    def prune(self, before: str, before_epoch: float) -> int:
        """Delete events older than `before` without waiting deliveries, and older keys. Return how many events."""
        old = "time < ? AND seq NOT IN (SELECT event FROM deliveries WHERE state = 0)"
        self._db.execute(f"DELETE FROM deliveries WHERE event IN (SELECT seq FROM events WHERE {old})", (before,))  # noqa: S608
        self._db.execute("DELETE FROM once WHERE at < ?", (before_epoch,))
        return self._db.execute(f"DELETE FROM events WHERE {old}", (before,)).rowcount  # noqa: S608

    def close(self) -> None:
        self._db.close()


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open the file for reading, also while the bus writes. Raises StorageError."""
    if not path.exists():
        raise StorageError(f"There are no events yet: {path} does not exist.")
    with translate_sqlite_errors(path):
        return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)


@contextmanager
def translate_sqlite_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors within into StorageError with the file's name."""
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(f"{path}: {error}.") from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}.") from error
