"""What the bus asks of its file takes as long with a million events as with none."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from twbot.local.bus.history import History
from twbot.local.bus.store import DONE, EventRow, Outcome, Store
from twbot.local.database import Database

NOW = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)
OF_THE_STORE: dict[str, Callable[[Store], object]] = {
    "add": lambda store: store.add([EventRow(9, "i", "T", "t", None, None, b"{}")], [(9, 9, "r", 0.0)]),
    "claim_key": lambda store: store.claim_key("key", 0.0),
    "known": lambda store: store.known("key"),
    "keep_known": lambda store: store.keep_known("key", "x"),
    "fix": lambda store: store.fix("key", "x", 0.0),
    "add_number": lambda store: store.add_number("key", 1.0, 0.0),
    "rules_of": lambda store: store.rules_of([1]),
    "settle": lambda store: store.settle([Outcome(DONE, 1, 0.0, 0.0, 0.0, 0.0, None, 1)]),
    "open_deliveries": lambda store: store.open_deliveries(),
    "open_deliveries of some": lambda store: store.open_deliveries([1]),
    "redrive": lambda store: store.redrive([1], 0.0),
    "purge": lambda store: store.purge([1]),
    "hold": lambda store: store.hold(["r"], 0.0, "reason"),
    "forget": lambda store: store.forget([1]),
    "prune": lambda store: store.prune("2026", 0.0, 500),
}
OF_COMMANDS: dict[str, Callable[[History], object]] = {
    "events since": lambda history: list(history.events(since=NOW)),
    "events of a type since": lambda history: list(history.events(since=NOW, detail_type="TWEET_FAILED")),
    "events of a post": lambda history: list(history.events(tweet_id="1", replayed=True)),
    "event": lambda history: history.event("i"),
    "after": lambda history: history.after(5),
    "last_number": lambda history: history.last_number(),
    "deliveries": lambda history: history.deliveries("i"),
    "deliveries_of_tweet": lambda history: history.deliveries_of_tweet("1"),
    "dead_letters": lambda history: history.dead_letters(),
    "dead_letters of a rule": lambda history: history.dead_letters(rule="r", limit=3),
    "dead_by_rule": lambda history: history.dead_by_rule(),
    "unsettled_posts": lambda history: history.unsettled_posts(["r"]),
    "deliveries_since": lambda history: history.deliveries_since("r", "SEND_TWEET", NOW),
    "waiting": lambda history: history.waiting(),
    "waiting_by_rule": lambda history: history.waiting_by_rule(),
    "done_by_rule": lambda history: history.done_by_rule(NOW),
    "newest events of a type since": lambda history: list(
        history.events(since=NOW, detail_type="TWEET_FAILED", replayed=True, newest_first=True, limit=9)
    ),
    "types": lambda history: history.types(),
    "moments": lambda history: history.moments("TWEET_SENT", since=NOW),
}


@pytest.mark.parametrize("name", OF_THE_STORE)
def test_the_writer_reads_no_whole_table(name: str, tmp_path: Path) -> None:
    """Each statement finds its rows by an index."""
    store = Store(tmp_path / "bus.db")
    with traced(store._db) as statements, store.transaction():
        OF_THE_STORE[name](store)
    assert not scans(store._db, statements)
    store.close()


@pytest.mark.parametrize("name", OF_COMMANDS)
def test_a_command_reads_no_whole_table(name: str, tmp_path: Path) -> None:
    """Nor what it sorts."""
    Store(tmp_path / "bus.db").close()
    with History(tmp_path / "bus.db") as history:
        with traced(history._db) as statements:
            OF_COMMANDS[name](history)
        assert not scans(history._db, statements)


@contextlib.contextmanager
def traced(database: Database) -> Iterator[list[str]]:
    """The statements that run within, with their values."""
    statements: list[str] = []
    database.set_trace_callback(statements.append)
    yield statements
    database.set_trace_callback(None)


def scans(database: Database, statements: list[str]) -> list[str]:
    """The steps that read a whole table."""
    plans = [
        (statement, step)
        for statement in statements
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"))
        for (*_, step) in database.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    ]
    assert statements
    # What is not done has a small index of its own, and what a query has found so far is no table.
    small = ("USING INDEX deliveries_open", "SCAN found")
    return [
        f"{step}: {statement}"
        for statement, step in plans
        if step.startswith("SCAN") and not any(each in step for each in small)
    ]
