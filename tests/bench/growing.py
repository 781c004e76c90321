"""What takes longer with a large archive and lake: the same on an empty data folder and on a grown one, in turns."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from tests.bench.figures import Figure, cpu_of, say
from tests.bench.growth import FIRST_POST, grow
from tests.bench.pipeline import Door, texts
from tests.bench.starting import COMMAND
from tests.support.instant_models import Instant
from twbot.lambdas.settings import Settings
from twbot.local.data_folder import DataFolder
from twbot.local.lake.lake import Lake
from twbot.local.system import System, beside_simulated_x

EVENTS = 1_000_000
SAMPLES = 40
ROUNDS = 5
COMMANDS = {
    "status": "status",
    "trace": f"trace {FIRST_POST}",
    "metrics": "metrics",
    "replay --since 1h --dry-run": "replay --since 1h --dry-run",
}
COUNT = """SELECT detail.author, count(*) AS n FROM "analysed-messages-table"
WHERE "detail-type" = 'MESSAGE_ANALYSED' GROUP BY 1 ORDER BY n DESC LIMIT 5"""


def figures(events: int = EVENTS) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="twbot-bench-") as folder:
        small, large = DataFolder(Path(folder, "small")), DataFolder(Path(folder, "large"))
        for home, count in ((small, 100), (large, events)):
            home.folder.mkdir(mode=0o700)
            grow(home, count)
        # The least of several, in turns: what else runs on the machine only adds.
        began = [[_started(home) for home in (small, large)] for _ in range(ROUNDS)]
        with _bot(small) as one, _bot(large) as other:
            yield _compared(f"start, with {events:,} events / none", *map(min, zip(*began, strict=True)))
            yield _latency(events, Door(one), Door(other))
            for name, arguments in COMMANDS.items():
                pairs = [[_command(home, arguments) for home in (small, large)] for _ in range(ROUNDS)]
                yield _compared(f"`twbot {name}`", *map(min, zip(*pairs, strict=True)))
        yield from _queries(large, Lake(small.lake))


def _queries(home: DataFolder, today: Lake) -> Iterator[Figure]:
    lake = Lake(home.lake)
    first = _took(lambda: lake.query(COUNT))
    later = statistics.median(_took(lambda: lake.query(COUNT)) for _ in range(ROUNDS))
    whole = home.folder / "whole.parquet"
    with lake._opened(writes=whole) as (db, *_):
        db.execute(f"""COPY (FROM "analysed-messages-table") TO '{whole}' (FORMAT PARQUET, COMPRESSION ZSTD)""")
    sql = COUNT.replace('"analysed-messages-table"', f"'{whole}'")
    one_file = statistics.median(_took(lambda: _one_file(sql)) for _ in range(ROUNDS))
    with lake._opened() as (db, *_):
        copies = statistics.median(_took(lambda: db.execute(COUNT).fetchall()) for _ in range(ROUNDS))
    new = statistics.median(_took(lambda: today.query(COUNT)) for _ in range(ROUNDS))
    yield say(Figure("the first query of the whole lake, which copies it", f"{first:.1f} s of CPU"))
    yield _compared("the next query", new, later)
    yield say(Figure("its SELECT on the copies / on one Parquet file", f"{copies / one_file:.2f}", "below 2"))


def _one_file(sql: str) -> None:
    with contextlib.closing(duckdb.connect()) as db:
        db.execute(sql).fetchall()


def _command(home: DataFolder, arguments: str) -> float:
    return cpu_of("-c", COMMAND.format([*arguments.split(), "--json", "--data", str(home.folder)])) / 1000


def _latency(events: int, small: Door, large: Door) -> Figure:
    times: list[list[float]] = [[], []]
    posts = [door.posts(texts(SAMPLES)) for door in (small, large)]
    for pair in zip(*posts, strict=True):
        for door, post, into in zip((small, large), pair, times, strict=True):
            into.append(door.one(post))
    return _compared(f"one message, with {events:,} events / none", *map(statistics.median, times))


def _compared(what: str, small: float, large: float) -> Figure:
    return say(Figure(what, f"{large / small:.2f} ({large * 1000:.0f} ms / {small * 1000:.0f} ms)", "below 1.1"))


def _started(home: DataFolder) -> float:
    used = time.process_time()
    with _bot(home):
        return time.process_time() - used


def _bot(home: DataFolder) -> contextlib.AbstractContextManager[System]:
    return beside_simulated_x(home, Settings(), on_progress=lambda _: None, analysers=Instant)


def _took(call: Callable[[], object]) -> float:
    used = time.process_time()
    call()
    return time.process_time() - used
