"""Fills a data folder with the archive and the lake of a bot that has run for long, through the bus's own schema."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import time
import uuid
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import msgspec

from tests.support.paths import ROOT
from twbot.lambdas.contracts import Event, decode_event
from twbot.lambdas.wiring import RULES
from twbot.lambdas.x.post_ids import tweet_of
from twbot.local.bus.patterns import compile_pattern
from twbot.local.bus.store import DONE, SCHEMA, EventRow, Store
from twbot.local.data_folder import DataFolder
from twbot.local.database import open_database

DAYS = 30
FIRST_POST = 10**18
# What becomes of a text that is answered, in order.
STORY = ("MESSAGE_RECEIVED", "MESSAGE_ANALYSED", "SEND_TWEET", "TWEET_SENT")
HOUR = "%Y/%m/%d/%H"


class Row(NamedTuple):
    """An event, and where it went."""

    hour: str
    at: float
    kind: str
    id: str
    time: str
    post: str
    body: bytes
    rules: list[str]


def grow(home: DataFolder, events: int, *, days: int = DAYS) -> None:
    """Store so many events, evenly over the last days until yesterday, in the archive and in the lake of hourly files.

    Every delivery is done. The files are as after compaction: one an hour.
    """
    end = time.time() - 24 * 3600
    with contextlib.closing(Store(home.bus)) as store:
        for hour, group in groupby(_rows(events, end - days * 24 * 3600, end), key=lambda row: row.hour):
            rows = list(group)
            _store(store, rows)
            folder = home.lake / hour
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{uuid.uuid4()}.jsonl.gz").write_bytes(
                gzip.compress(b"".join(row.body + b"\n" for row in rows), compresslevel=1)
            )
    with contextlib.closing(open_database(home.bus, SCHEMA)) as database:
        database.execute(
            f"UPDATE deliveries SET state = {DONE}, attempts = 1, first_try = due, last_try = due, ended = due"
        )


def _rows(events: int, start: float, end: float) -> Iterator[Row]:
    samples = [_sample(kind) for kind in STORY]
    posts = [str(tweet_of(each)).encode() for each in samples]
    encoded = [msgspec.json.encode(each) for each in samples]
    rules = [[rule.name for rule in RULES if compile_pattern(rule.pattern)(_document(each))] for each in samples]
    for number in range(events):
        at = start + (end - start) * number / events
        moment = datetime.datetime.fromtimestamp(at, datetime.UTC)
        time_ = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        post, kind = str(FIRST_POST + number // len(STORY)), number % len(STORY)
        body = (
            encoded[kind]
            .replace(posts[kind], post.encode())
            .replace(samples[kind].id.encode(), str(uuid.UUID(int=number)).encode())
            .replace(samples[kind].time.encode(), time_.encode())
        )
        yield Row(moment.strftime(HOUR), at, STORY[kind], str(uuid.UUID(int=number)), time_, post, body, rules[kind])


def _store(store: Store, rows: list[Row]) -> None:
    events = [
        EventRow(store.last_event + number, row.id, row.kind, row.time, row.post, None, row.body)
        for number, row in enumerate(rows, 1)
    ]
    new: list[tuple[int, int, str, float]] = []
    for row, event in zip(rows, events, strict=True):
        for rule in row.rules:
            store.last_delivery += 1
            new.append((store.last_delivery, event.seq, rule, row.at))
    with store.transaction():
        store.add(events, new)
        for row in rows:
            store.claim_key(f"{row.kind}-{row.post}", row.at)
    store.last_event += len(rows)


def _sample(kind: str) -> Event:
    event = decode_event((ROOT / "tests" / "contracts" / "events" / f"{kind}.json").read_bytes())
    if "Analysis" in event.detail:  # of a text: the pictures' analysis would be most of the bytes
        event.detail["Analysis"].pop("Images", None)
    return event


def _document(event: Event) -> dict[str, object]:
    document: dict[str, object] = msgspec.to_builtins(event)
    return document
