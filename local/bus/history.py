"""What happened, for operators: reads the bus's file, also while another process runs the bus."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from twbot.lambdas.contracts import Event, decode_event
from twbot.local.bus.store import DEAD, STATES, WAITING, open_read_only, told

_DELIVERIES = (
    "SELECT d.id, e.id, e.type, e.time, e.tweet, d.rule, d.state, d.attempts, d.due, d.first_try, d.last_try, d.ended,"
    " d.error FROM deliveries d JOIN events e ON e.seq = d.event"
)


class DeliveryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one event at one rule. `state`: waiting, done or dead; times are epoch seconds."""

    id: int
    event_id: str
    detail_type: str
    time: str
    tweet_id: str | None
    rule: str
    state: str
    attempts: int
    due: float
    first_try: float | None
    last_try: float | None
    ended: float | None
    error: str | None


class History:
    """Raises StorageError where there is no such file, or it can't be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = open_read_only(path)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> History:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def events(
        self,
        *,
        since: datetime.datetime | None = None,
        until: datetime.datetime | None = None,
        detail_type: str | None = None,
        tweet_id: str | None = None,
        replayed: bool = False,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Event]:
        """In the order they came. From `since` on, before `until`; what replays brought back only if `replayed`."""
        wanted = {
            "time >= ?": since and _text(since),
            "time < ?": until and _text(until),
            "type = ?": detail_type,
            "tweet = ?": tweet_id,
        }
        where = [
            *(each for each, value in wanted.items() if value is not None),
            *([] if replayed else ["replay IS NULL"]),
        ]
        values = [value for value in wanted.values() if value is not None]
        query = f"SELECT body FROM events{_where(where)} ORDER BY seq {'DESC' if newest_first else 'ASC'} LIMIT ?"  # noqa: S608
        for (body,) in self._rows(query, *values, -1 if limit is None else limit):
            yield decode_event(body)

    def event(self, event_id: str) -> Event | None:
        """As it was first published."""
        for (body,) in self._rows("SELECT body FROM events WHERE id = ? ORDER BY seq LIMIT 1", event_id):
            return decode_event(body)
        return None

    def after(self, number: int, *, limit: int = 1000) -> tuple[list[Event], int]:
        """The events that came after the event of that number, and the last one's number: for following along."""
        rows = list(self._rows("SELECT seq, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?", number, limit))
        return [decode_event(body) for _, body in rows], rows[-1][0] if rows else number

    def last_number(self) -> int:
        return int(self._one("SELECT coalesce(max(seq), 0) FROM events"))

    def deliveries(self, event_id: str) -> list[DeliveryRecord]:
        return self._deliveries("WHERE e.id = ?", event_id)

    def deliveries_of_tweet(self, tweet_id: str) -> list[DeliveryRecord]:
        return self._deliveries("WHERE e.tweet = ?", tweet_id)

    def dead_letters(self, *, rule: str | None = None, limit: int | None = None) -> list[DeliveryRecord]:
        """The oldest first."""
        chosen, values = (" AND d.rule = ?", [rule]) if rule is not None else ("", [])
        return self._deliveries(f"WHERE d.state = {DEAD}{chosen}", *values, limit=limit)

    def deliveries_since(self, rule: str, detail_type: str, since: datetime.datetime) -> list[DeliveryRecord]:
        """A rule's deliveries of events of a type that came since then; without what replays brought back."""
        where = "WHERE e.type = ? AND e.time >= ? AND e.replay IS NULL AND d.rule = ?"
        return self._deliveries(where, detail_type, _text(since), rule)

    def waiting(self) -> int:
        return int(self._one(f"SELECT count(*) FROM deliveries WHERE state = {WAITING}"))  # noqa: S608

    def moments(self, detail_type: str, *, since: datetime.datetime | None = None) -> list[tuple[str, str | None]]:
        """When events of a type came, and the post that each is about; without what replays brought back."""
        query = "SELECT time, tweet FROM events WHERE type = ? AND time >= ? AND replay IS NULL ORDER BY time"
        return list(self._rows(query, detail_type, _text(since) if since else ""))

    def events_by_type(self, *, since: datetime.datetime | None = None, replayed: bool = False) -> dict[str, int]:
        where = ([] if replayed else ["replay IS NULL"]) + (["time >= ?"] if since else [])
        query = f"SELECT type, count(*) FROM events{_where(where)} GROUP BY type ORDER BY type"  # noqa: S608
        return dict(self._rows(query, *([_text(since)] if since else [])))

    def deliveries_by_state(self) -> dict[str, dict[str, int]]:
        """By rule: how many are waiting, done and dead."""
        found: dict[str, dict[str, int]] = {}
        for rule, state, count in self._rows(
            "SELECT rule, state, count(*) FROM deliveries GROUP BY rule, state ORDER BY rule"
        ):
            found.setdefault(rule, dict.fromkeys(STATES, 0))[STATES[state]] = count
        return found

    def _deliveries(self, where: str, *values: object, limit: int | None = None) -> list[DeliveryRecord]:
        rows = self._rows(f"{_DELIVERIES} {where} ORDER BY d.id LIMIT ?", *values, -1 if limit is None else limit)
        return [
            DeliveryRecord(**dict(zip(DeliveryRecord.__struct_fields__, row, strict=True)) | {"state": STATES[row[6]]})
            for row in rows
        ]

    def _one(self, query: str) -> Any:
        return next(iter(self._rows(query)))[0]

    def _rows(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        with told(self._path):
            cursor: sqlite3.Cursor = self._db.execute(query, values)
            yield from cursor


def _text(moment: datetime.datetime) -> str:
    """As events have it, so that the texts compare as the times do."""
    return moment.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
