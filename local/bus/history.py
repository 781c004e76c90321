"""Reads the bus's file for operators: events, deliveries and dead letters, also while another process runs the bus."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from twbot.lambdas.contracts import Event, decode_event
from twbot.local.bus.store import DEAD, DONE, SCHEMA, STATES, UNDONE, WAITING
from twbot.local.database import Database, StorageError, open_read_only

_DELIVERIES = (
    "SELECT d.id, e.id, e.type, e.time, e.tweet, d.rule, d.state, d.attempts, d.due, d.first_try, d.last_try, d.ended,"
    " d.error, e.replay FROM deliveries d JOIN events e ON e.seq = d.event"
)


class DeliveryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The delivery of one event to one rule."""

    id: int
    event_id: str
    detail_type: str
    time: str
    """The event's time, RFC 3339 in UTC."""
    tweet_id: str | None
    """The post that the event is about, None where it is about none."""
    rule: str
    state: str
    """`waiting`, `done` or `dead`."""
    attempts: int
    due: float
    """Epoch seconds of the next attempt."""
    first_try: float | None
    """Epoch seconds, as are `last_try` and `ended`; None before there was one."""
    last_try: float | None
    ended: float | None
    error: str | None
    """The class and message of the last attempt's exception."""
    replay: str | None
    """The name of the replay that the event came by."""


class History:
    """Queries on the bus's file. Raises StorageError where the file does not exist or can't be read."""

    def __init__(self, path: Path) -> None:
        self._db = open_archive(path)

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
        """Yield events in the order of publication, with `since` <= time < `until`.

        Replayed copies are left out unless `replayed`. `limit` None: all of them.
        """
        # In the order of `seq` SQLite reads all that was before `since`, too, unless it is told where to begin; the
        # plus has it look that up by the time.
        # https://www.sqlite.org/optoverview.html (3.2)
        filters = {
            "seq >= (SELECT min(+seq) FROM events WHERE time >= ?)": since and _text(since),
            "time >= ?": since and _text(since),
            "time < ?": until and _text(until),
            "type = ?": detail_type,
            "tweet = ?": tweet_id,
        }
        where = [
            *(condition for condition, value in filters.items() if value is not None),
            *([] if replayed else ["replay IS NULL"]),
        ]
        values = [value for value in filters.values() if value is not None]
        query = f"SELECT body FROM events{_where(where)} ORDER BY seq {'DESC' if newest_first else 'ASC'} LIMIT ?"  # noqa: S608
        for (body,) in self._rows(query, *values, -1 if limit is None else limit):
            yield decode_event(body)

    def newest_posts(
        self, types: Sequence[str], *, limit: int, before: int | None = None, matching: str = ""
    ) -> list[tuple[int, str]]:
        """Return the newest posts first, each by the number and the post's id of its first event of these types.

        `before`: only events with smaller numbers. `matching`: what the post's text or its author's name holds.
        """
        marks = ", ".join("?" * len(types))
        # The plus keeps SQLite from sorting all events of a type: https://www.sqlite.org/optoverview.html (8.1)
        query = f"""SELECT e.seq, e.tweet FROM events e
            WHERE +e.type IN ({marks}) AND e.replay IS NULL AND e.tweet IS NOT NULL AND e.seq < ?
            AND NOT EXISTS (SELECT 1 FROM events f WHERE f.tweet = e.tweet AND f.seq < e.seq AND f.type IN ({marks}))
            AND (? = '' OR instr(lower(json_extract(CAST(e.body AS TEXT), '$.detail.Text')), lower(?))
                 OR instr(lower(json_extract(CAST(e.body AS TEXT), '$.detail.Author')), lower(?)))
            ORDER BY e.seq DESC LIMIT ?"""  # noqa: S608 - question marks
        end = before if before is not None else self.last_number() + 1
        return list(self._rows(query, *types, end, *types, matching, matching, matching, limit))

    def event(self, event_id: str) -> Event | None:
        """Return the event as it was first published, None where it does not exist."""
        # A replay stores the event again under the same id: the lowest sequence number is the original.
        for (body,) in self._rows("SELECT body FROM events WHERE id = ? ORDER BY seq LIMIT 1", event_id):
            return decode_event(body)
        return None

    def after(self, number: int, *, limit: int = 1000) -> tuple[list[Event], int]:
        """Return the events after this sequence number, and the last one's number for the next call."""
        rows = list(self._rows("SELECT seq, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?", number, limit))
        return [decode_event(body) for _, body in rows], rows[-1][0] if rows else number

    def last_number(self) -> int:
        """Return the newest event's sequence number, 0 where there is none."""
        return int(self._one("SELECT coalesce(max(seq), 0) FROM events"))

    def deliveries(self, event_id: str) -> list[DeliveryRecord]:
        return self._deliveries("WHERE e.id = ?", event_id)

    def deliveries_of_tweet(self, tweet_id: str) -> list[DeliveryRecord]:
        return self._deliveries("WHERE e.tweet = ?", tweet_id)

    def dead_letters(self, *, rule: str | None = None, limit: int | None = None) -> list[DeliveryRecord]:
        """Return the dead letters of all rules or of one, oldest first."""
        condition, values = (" AND d.rule = ?", [rule]) if rule is not None else ("", [])
        return self._deliveries(f"WHERE d.state = {DEAD} AND d.{UNDONE}{condition}", *values, limit=limit)

    def unsettled_posts(self, rules: Sequence[str]) -> set[str]:
        """Return the posts whose delivery to one of the rules waits, is under way, or ended with OutcomeUnknown."""
        marks = ", ".join("?" * len(rules))
        query = (
            f"SELECT DISTINCT e.tweet FROM deliveries d JOIN events e ON e.seq = d.event WHERE d.rule IN ({marks})"  # noqa: S608
            f" AND e.tweet IS NOT NULL AND d.{UNDONE}"
            f" AND (d.state = {WAITING} OR (d.state = {DEAD} AND d.error LIKE 'OutcomeUnknown:%'))"
        )
        return {tweet for (tweet,) in self._rows(query, *rules)}

    def deliveries_since(self, rule: str, detail_type: str, since: datetime.datetime) -> list[DeliveryRecord]:
        """Return a rule's deliveries of events of one type with time >= `since`, without replayed copies."""
        where = "WHERE e.type = ? AND e.time >= ? AND e.replay IS NULL AND d.rule = ?"
        return self._deliveries(where, detail_type, _text(since), rule)

    def waiting(self) -> int:
        return int(self._one(f"SELECT count(*) FROM deliveries WHERE state = {WAITING} AND {UNDONE}"))  # noqa: S608

    def dead_by_rule(self) -> dict[str, int]:
        query = f"SELECT rule, count(*) FROM deliveries WHERE state = {DEAD} AND {UNDONE} GROUP BY rule ORDER BY rule"  # noqa: S608
        return dict(self._rows(query))

    def waiting_by_rule(self) -> dict[str, int]:
        query = f"SELECT rule, count(*) FROM deliveries WHERE state = {WAITING} AND {UNDONE} GROUP BY rule"  # noqa: S608
        return dict(self._rows(query))

    def done_by_rule(self, since: datetime.datetime) -> dict[str, int]:
        """Return how many of the deliveries of events since then are done."""
        query = f"""SELECT rule, count(*) FROM deliveries
            WHERE event >= (SELECT min(+seq) FROM events WHERE time >= ?) AND state = {DONE} GROUP BY rule"""  # noqa: S608
        return dict(self._rows(query, _text(since)))

    def moments(self, detail_type: str, *, since: datetime.datetime | None = None) -> list[tuple[str, str | None]]:
        """Return time and post id of each event of one type, without replayed copies."""
        query = "SELECT time, tweet FROM events WHERE type = ? AND time >= ? AND replay IS NULL ORDER BY time"
        return list(self._rows(query, detail_type, _text(since) if since else ""))

    def events_by_type(self, *, since: datetime.datetime | None = None) -> dict[str, int]:
        where = ["replay IS NULL", *(["time >= ?"] if since else [])]
        query = f"SELECT type, count(*) FROM events{_where(where)} GROUP BY type ORDER BY type"  # noqa: S608
        return dict(self._rows(query, *([_text(since)] if since else [])))

    def types(self) -> list[str]:
        """Return the types of all events. However many there are, it reads one entry of the index for each type."""
        # https://www.sqlite.org/lang_with.html#recursive_query_examples
        query = """WITH RECURSIVE found(type) AS (
            SELECT min(type) FROM events
            UNION ALL SELECT (SELECT min(type) FROM events WHERE type > found.type) FROM found WHERE type IS NOT NULL
        ) SELECT type FROM found WHERE type IS NOT NULL"""
        return [row[0] for row in self._rows(query)]

    def _deliveries(self, where: str, *values: object, limit: int | None = None) -> list[DeliveryRecord]:
        rows = self._rows(f"{_DELIVERIES} {where} ORDER BY d.id LIMIT ?", *values, -1 if limit is None else limit)
        return [
            DeliveryRecord(**dict(zip(DeliveryRecord.__struct_fields__, row, strict=True)) | {"state": STATES[row[6]]})
            for row in rows
        ]

    def _one(self, query: str) -> Any:
        return next(iter(self._rows(query)))[0]

    def _rows(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        yield from self._db.execute(query, values)


def open_archive(path: Path) -> Database:
    """Open the bus's file for reading, also while the bus writes. Raises StorageError."""
    if not path.exists():
        raise StorageError(f"There are no events yet: {path} does not exist.")
    return open_read_only(path, SCHEMA)


def _text(moment: datetime.datetime) -> str:
    """Format a time as events have it: the same form and zone, so that SQLite's text comparison orders the times."""
    return moment.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
