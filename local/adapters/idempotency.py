"""Powertools' idempotency on SQLite.

https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import cast

from aws_lambda_powertools.utilities.idempotency import BasePersistenceLayer, IdempotencyConfig
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from twbot.lambdas.retention import ANSWERED_SECONDS
from twbot.local.database import Schema, open_database

IN_PROGRESS = 60.0  # seconds until a call that did not end counts as failed

_TABLE = """
CREATE TABLE IF NOT EXISTS done (
    key TEXT PRIMARY KEY, status TEXT NOT NULL, expires INTEGER NOT NULL, blocked_until INTEGER, answer TEXT
) WITHOUT ROWID
"""
SCHEMA = Schema(
    (_TABLE,), "what was done in the last 30 days is not known then, and is done twice where it comes again."
)
# Acquire the key unless another call holds it: one that is done and not expired, or one in progress and not overdue.
# One statement, so that two calls at the same time can't both acquire it. `blocked_until` is in milliseconds; `overdue`
# is null for a call of another process.
CLAIM = """
INSERT INTO done VALUES (:key, :status, :expires, :blocked_until, '') ON CONFLICT (key) DO UPDATE
SET status = excluded.status, expires = excluded.expires, blocked_until = excluded.blocked_until, answer = ''
WHERE done.expires < :now OR (
    done.status = 'INPROGRESS' AND coalesce(:overdue, done.blocked_until < :now * 1000)
)
"""


class Deadline:
    """Stands for Lambda's context, from which Powertools reads when a call in progress counts as failed."""

    def __init__(self, seconds: float) -> None:
        self._milliseconds = int(seconds * 1000)

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


def idempotency_config(in_progress: float = IN_PROGRESS) -> IdempotencyConfig:
    """Return the configuration. `in_progress`: seconds for which a call that never ended blocks the next one."""
    return IdempotencyConfig(
        expires_after_seconds=ANSWERED_SECONDS, lambda_context=cast(LambdaContext, Deadline(in_progress))
    )


class SqlitePersistence(BasePersistenceLayer):
    """Powertools' persistence layer on one SQLite file. Committed records survive `kill -9`."""

    def __init__(self, path: Path) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        # When this process's calls in progress count as failed, by key, on the monotonic clock: a clock that is set
        # must neither hold up a reply for hours nor have it sent twice at a time.
        self._deadlines: dict[str, float] = {}
        self._lock = threading.Lock()  # one connection for all threads is enough: a write takes about 10 microseconds
        # NORMAL loses nothing when the process is killed; only a power cut may cost the last commits.
        self._db = open_database(path, SCHEMA, synchronous="NORMAL")
        self.place = self._db.place
        # One process works on a data folder. Calls in progress were the last process's and ended with it: unblock them.
        self._db.execute("UPDATE done SET blocked_until = 0 WHERE status = 'INPROGRESS'")

    def prune(self) -> int:
        """Delete the records that have expired. Return how many there were."""
        with self._lock:
            count = self._db.execute("DELETE FROM done WHERE expires < ?", (time.time(),)).rowcount
            self._db.shrink()
            return count

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _get_record(self, idempotency_key: str) -> DataRecord:
        with self._lock:
            row = self._db.execute("SELECT * FROM done WHERE key = ?", (idempotency_key,)).fetchone()
        if row is None:
            raise IdempotencyItemNotFoundError
        return DataRecord(*row)

    def _put_record(self, data_record: DataRecord) -> None:
        key, now = data_record.idempotency_key, time.time()
        until = data_record.in_progress_expiry_timestamp  # epoch milliseconds
        with self._lock:
            claim = {
                "key": key,
                "status": data_record.status,
                "expires": data_record.expiry_timestamp,
                "blocked_until": until,
                "now": now,
                "overdue": self._deadlines[key] < time.monotonic() if key in self._deadlines else None,
            }
            claimed = self._db.execute(CLAIM, claim).rowcount
            if claimed:
                self._deadlines[key] = time.monotonic() + ((until or 0) / 1000 - now)
        if not claimed:
            raise IdempotencyItemAlreadyExistsError(old_data_record=self._get_record(key))

    def _update_record(self, data_record: DataRecord) -> None:
        done = (data_record.status, data_record.expiry_timestamp, data_record.response_data)
        with self._lock:
            self._db.execute(
                "UPDATE done SET status = ?, expires = ?, answer = ? WHERE key = ?",
                (*done, data_record.idempotency_key),
            )
            self._deadlines.pop(data_record.idempotency_key, None)

    def _delete_record(self, data_record: DataRecord) -> None:
        with self._lock:
            self._deadlines.pop(data_record.idempotency_key, None)
            self._db.execute("DELETE FROM done WHERE key = ?", (data_record.idempotency_key,))
