"""The simulated X's database: a SQLite file, readable by its owner only. Raises StorageError."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twbot.lambdas.x.post_ids import first_id
from twbot.local.database import Schema, open_database

Row = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY, username TEXT NOT NULL COLLATE NOCASE UNIQUE, name TEXT NOT NULL, created_ms INTEGER NOT NULL,
    access_token TEXT UNIQUE, access_secret TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS posts (
    id TEXT PRIMARY KEY, author_id TEXT NOT NULL, typed TEXT NOT NULL, text TEXT NOT NULL, prefix INTEGER NOT NULL,
    links TEXT NOT NULL, media TEXT NOT NULL, reply_to TEXT, quote_of TEXT, repost_of TEXT,
    conversation_id TEXT NOT NULL, created_ms INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS posts_by_target ON posts (reply_to, author_id);
CREATE INDEX IF NOT EXISTS posts_by_author ON posts (author_id, typed);
CREATE INDEX IF NOT EXISTS posts_by_conversation ON posts (conversation_id);
CREATE TABLE IF NOT EXISTS media (
    id TEXT PRIMARY KEY, owner_id TEXT NOT NULL, content_type TEXT NOT NULL, category TEXT NOT NULL,
    size INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, alt_text TEXT,
    state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS webhooks (
    id TEXT PRIMARY KEY, url TEXT NOT NULL UNIQUE, valid INTEGER NOT NULL, environment TEXT,
    created_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS account_subscriptions (
    webhook_id TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (webhook_id, user_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS activity_subscriptions (
    id TEXT PRIMARY KEY, event_type TEXT NOT NULL, filter TEXT NOT NULL, tag TEXT, webhook_id TEXT,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS relations (
    kind TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL, PRIMARY KEY (kind, source, target)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, webhook_id TEXT NOT NULL, generation TEXT NOT NULL, event TEXT NOT NULL,
    post_id TEXT, body BLOB NOT NULL, state TEXT NOT NULL DEFAULT 'pending', tries INTEGER NOT NULL DEFAULT 0,
    due_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL, status INTEGER, ms REAL, problem TEXT);
CREATE INDEX IF NOT EXISTS deliveries_by_post ON deliveries (post_id);
CREATE INDEX IF NOT EXISTS deliveries_pending ON deliveries (state) WHERE state = 'pending'
"""
_EDITS = """
ALTER TABLE posts ADD COLUMN first_id TEXT;
CREATE INDEX posts_by_first ON posts (first_id) WHERE first_id IS NOT NULL
"""
# What X says of authors and posts, and the simulated X can't know: set by who makes them.
_PROFILES = """
ALTER TABLE users ADD COLUMN followers INTEGER;
ALTER TABLE users ADD COLUMN verified INTEGER NOT NULL DEFAULT 0;
ALTER TABLE posts ADD COLUMN language TEXT
"""
# Every try of a delivery with its answer, and the fault that somebody wanted it to have.
_ATTEMPTS = """
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, delivery_id INTEGER NOT NULL, at_ms INTEGER NOT NULL, status INTEGER NOT NULL,
    ms REAL NOT NULL, problem TEXT, signature TEXT NOT NULL, answer TEXT NOT NULL);
CREATE INDEX attempts_by_delivery ON attempts (delivery_id);
ALTER TABLE deliveries ADD COLUMN fault TEXT
"""
SCHEMA = Schema(
    (_TABLES, _EDITS, _PROFILES, _ATTEMPTS),
    "the simulated X begins anew then, with other keys, and knows none of its posts.",
)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Store:
    """Runs statements on the database, with rows as dicts. Threads may share it. Each statement commits at once."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        # NORMAL: a killed process loses nothing; only a power cut may cost the last commits.
        self._db = open_database(path, SCHEMA, synchronous="NORMAL")
        self._db.row_factory = _as_dict
        self._last_id = int(self.setting("last_id") or 0)

    def rows(self, sql: str, *values: Any) -> list[Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        with self._lock:
            found: Row | None = self._db.execute(sql, values).fetchone()
            return found

    def run(self, sql: str, *values: Any) -> int:
        """Run a statement, and return the number of changed rows."""
        with self._lock:
            return self._db.execute(sql, values).rowcount

    def add(self, table: str, **columns: Any) -> int:
        """Insert a row, and return its rowid, 0 where the table has none."""
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 (our own names)
        with self._lock:
            return int(self._db.execute(sql, tuple(columns.values())).lastrowid or 0)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything within or nothing. Other threads wait."""
        with self._lock, self._db.transaction():
            yield

    def setting(self, name: str) -> str | None:
        found = self.row("SELECT value FROM settings WHERE name = ?", name)
        return found["value"] if found else None

    def keep(self, name: str, value: str) -> None:
        """Store a setting."""
        self.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value)

    def new_id(self) -> str:
        """Return a snowflake id (lambdas/x/post_ids.py), larger than every id before."""
        with self._lock:
            self._last_id = max(self._last_id + 1, first_id(now_ms()))
            return str(self._last_id)

    @property
    def changes(self) -> int:
        """Return how many rows changed since the start: a number that grows whenever something happens."""
        return self._db.total_changes

    def close(self) -> None:
        with self._lock:
            self.keep("last_id", str(self._last_id))
            self._db.close()


def _as_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}
