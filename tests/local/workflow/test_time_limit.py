"""Calls with a limit of time, in threads that are used again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from twbot.local.workflow import Machine, time_limit
from twbot.local.workflow.loop import Flowing, Task, run
from twbot.local.workflow.scope import Scope
from twbot.local.workflow.time_limit import TookTooLong


def within(seconds: float, function: Callable[[Any], Any], given: Any) -> Any:
    def flow() -> Flowing:
        return (yield Task(function, given, seconds, Scope()))

    return run(flow())


def test_results_and_exceptions_come_back() -> None:
    """As from a plain call."""
    assert within(5.0, str, 7) == "7"
    with pytest.raises(ValueError, match="invalid literal"):
        within(5.0, int, "x")


def test_calls_one_after_another_share_a_thread() -> None:
    """Starting one for each would take as long as many a task."""
    names = {within(5.0, lambda _: threading.get_ident(), None) for _ in range(20)}
    assert len(names) <= 2


def test_a_call_that_hangs_keeps_no_other_waiting() -> None:
    """Its thread is its own until it returns, and is used again afterwards."""
    go_on = threading.Event()
    with pytest.raises(TookTooLong):
        within(0.01, go_on.wait, 30.0)
    assert within(5.0, str, 7) == "7"
    go_on.set()


def test_many_calls_at_once_leave_few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are too many end."""
    monkeypatch.setattr(time_limit, "MAX_IDLE", 2)
    monkeypatch.setattr(time_limit, "_idle", [])
    together = threading.Barrier(6)
    callers = [threading.Thread(target=within, args=(5.0, lambda _: together.wait(), None)) for _ in range(6)]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    assert len(time_limit._idle) <= 3


def test_only_what_may_hang_is_handed_to_another_thread() -> None:
    """A prompt task, also one function of those that Lambda has, runs where the execution does."""
    threads: dict[str, int] = {}

    def note(name: str) -> Callable[[object], None]:
        return lambda _: threads.__setitem__(name, threading.get_ident())

    names = ("lambda:invoke:quick", "lambda:invoke", "events:putEvents")
    states = {
        "A": _task("lambda:invoke", {"FunctionName": "quick"}) | {"Next": "B"},
        "B": _task("lambda:invoke", {"FunctionName": "slow"}) | {"Next": "C"},
        "C": _task("events:putEvents", {}) | {"End": True},
    }
    tasks = {name: note(name) for name in names}
    Machine({"StartAt": "A", "States": states}, tasks, prompt=("lambda:invoke:quick", "events:putEvents")).run({})
    here = threading.get_ident()
    assert {name: thread == here for name, thread in threads.items()} == dict(
        zip(names, (True, False, True), strict=True)
    )


def _task(name: str, parameters: dict[str, str]) -> dict[str, object]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{name}", "Parameters": parameters}
