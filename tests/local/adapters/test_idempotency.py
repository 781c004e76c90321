"""The store behind Powertools' idempotency, on SQLite."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.idempotency import idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
)

from twbot.lambdas.retention import ANSWERED_SECONDS
from twbot.local.adapters.idempotency import SqlitePersistence, idempotency_config


def dedup_key(store: SqlitePersistence, work: Callable[[], Any], *, in_progress: float = 60) -> Callable[..., Any]:
    def run(*, key: str) -> Any:
        return work()

    decorated: Callable[..., Any] = idempotent_function(
        run,
        data_keyword_argument="key",
        persistence_store=store,
        config=idempotency_config(in_progress),
        key_prefix="test",
    )
    return decorated


def test_done_once_and_answered_alike(tmp_path: Path) -> None:
    """The second call gets the first one's answer, another key its own."""
    counter = itertools.count()
    run = dedup_key(SqlitePersistence(tmp_path / "once.db"), lambda: {"n": next(counter)})
    assert [run(key=key) for key in ("a", "a", "b")] == [{"n": 0}, {"n": 0}, {"n": 1}]


def test_a_failure_is_forgotten(tmp_path: Path) -> None:
    """So that it can be tried again at once."""
    outcomes = iter([ValueError("no"), None])

    def work() -> str:
        if error := next(outcomes):
            raise error
        return "done"

    run = dedup_key(SqlitePersistence(tmp_path / "once.db"), work)
    with pytest.raises(ValueError, match="no"):
        run(key="a")
    assert run(key="a") == "done"


def _die(path: Path) -> None:
    dedup_key(SqlitePersistence(path), lambda: os._exit(9))(key="a")


def test_what_a_killed_process_was_at_is_taken_over(tmp_path: Path) -> None:
    """By the next process on the folder, at once: there is never a second one beside it."""
    path = tmp_path / "once.db"
    process = multiprocessing.get_context("spawn").Process(target=_die, args=(path,))
    process.start()
    process.join()
    assert process.exitcode == 9
    assert dedup_key(SqlitePersistence(path), lambda: "done")(key="a") == "done"


def test_one_of_many_threads_works(tmp_path: Path) -> None:
    """On one store, and on two of the same file."""
    done: list[str] = []
    gate = threading.Barrier(8)
    runs = [dedup_key(SqlitePersistence(tmp_path / "once.db"), lambda: done.append("once")) for _ in range(2)]

    def call(run: Callable[..., Any]) -> None:
        gate.wait()
        with contextlib.suppress(IdempotencyAlreadyInProgressError):
            run(key="a")

    threads = [threading.Thread(target=call, args=(runs[number % 2],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == ["once"]


def test_what_is_long_past_is_forgotten(tmp_path: Path) -> None:
    """Years later the record is gone, and its room with it."""
    store = SqlitePersistence(tmp_path / "once.db")
    dedup_key(store, lambda: None)(key="a")
    (expires,) = store._db.execute("SELECT expires FROM done").fetchone()
    assert ANSWERED_SECONDS - 86_400 < expires - time.time() <= ANSWERED_SECONDS
    store._db.execute("UPDATE done SET expires = 1")
    assert dedup_key(store, lambda: "again")(key="a") == "again"
    store._db.execute("UPDATE done SET expires = 1")
    assert store.prune() == 1
    assert store._db.execute("SELECT count(*) FROM done").fetchone() == (0,)


@pytest.mark.parametrize("jump", [-5 * 3600, 5 * 3600])
def test_a_clock_that_is_set_neither_blocks_nor_doubles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    """While a call is under way nobody else begins it; one that never ended blocks for its seconds only."""
    wall, monotonic = time.time(), time.monotonic()
    monkeypatch.setattr(time, "time", lambda: wall)
    monkeypatch.setattr(time, "monotonic", lambda: monotonic)
    store = SqlitePersistence(tmp_path / "once.db")
    monkeypatch.setattr(store, "_delete_record", lambda data_record: None)  # it can't be noted that it failed

    def never_ends() -> None:
        nonlocal wall
        wall += jump
        with pytest.raises((IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError)):
            dedup_key(store, lambda: "doubled")(key="a")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        dedup_key(store, never_ends)(key="a")
    monotonic, wall = monotonic + 61, wall + 61
    assert dedup_key(store, lambda: "done")(key="a") == "done"
