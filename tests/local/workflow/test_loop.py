"""The loop that runs an execution: what it waits for side by side, in which order, and what a failure ends."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from twbot.local.workflow.errors import Cancelled
from twbot.local.workflow.loop import MAX_CALLS, Flowing, Fork, Sleep, Task, run
from twbot.local.workflow.scope import Scope
from twbot.local.workflow.time_limit import TookTooLong


def calling(function: Any, given: Any, scope: Scope, seconds: float = 30.0) -> Flowing:
    return (yield Task(function, given, seconds, scope))


def forking(flows: list[Flowing], scope: Scope, limit: int = 40) -> Flowing:
    return (yield Fork(flows, limit, scope))


def test_so_many_calls_run_side_by_side() -> None:
    """And no more: an execution with many branches leaves the machine to others. Outputs keep their order."""
    running, most, lock, full = 0, 0, threading.Lock(), threading.Barrier(MAX_CALLS, timeout=20)

    def work(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        full.wait()
        with lock:
            running -= 1
        return number * 2

    scope = Scope()
    numbers = range(MAX_CALLS * 3)
    assert run(forking([calling(work, each, scope) for each in numbers], scope)) == [each * 2 for each in numbers]
    assert most == MAX_CALLS


def test_what_waits_for_its_turn_ends_with_the_branch_that_fails() -> None:
    """The calls under way end, and none begins after the failure. The first exception is the one that is raised."""
    begun: list[int] = []
    failed = threading.Event()

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            failed.set()
            raise ValueError("the first")
        failed.wait(20)

    scope = Scope()
    flows = [calling(work, each, scope) for each in range(MAX_CALLS * 2)]
    with pytest.raises(ValueError, match="the first"):
        run(forking(flows, scope))
    # The one whose turn the end of the failed call was may have begun before the failure was seen.
    assert len(begun) <= MAX_CALLS + 1


def test_a_failure_wakes_who_sleeps_at_whatever_depth() -> None:
    """At once, by Cancelled, which no branch has to know of."""
    outer, woken = Scope(), []

    def sleeping(scope: Scope) -> Flowing:
        try:
            yield Sleep(3600, scope)
        except Cancelled:
            woken.append(scope)
            raise

    inner = Scope(outer)
    nested = forking([sleeping(inner), sleeping(inner)], inner)
    with pytest.raises(ZeroDivisionError):
        run(forking([sleeping(outer), nested, calling(lambda _: 1 / 0, None, outer)], outer))
    assert sorted(map(id, woken)) == sorted(map(id, [outer, inner, inner]))


def test_a_flow_that_took_too_long_goes_on_without_the_result() -> None:
    """What comes later disturbs nobody: not even the same flow, which waits for something else by then."""
    go_on = threading.Event()

    def flow(scope: Scope) -> Flowing:
        with pytest.raises(TookTooLong):
            yield Task(lambda _: go_on.wait(20), None, 0.01, scope)

        def later(_: object) -> str:
            go_on.set()
            return "later"

        return (yield Task(later, None, 20.0, scope))

    assert run(flow(Scope())) == "later"


def test_nothing_to_fork_is_nothing_to_wait_for() -> None:
    """A Map over no items."""
    assert run(forking([], Scope())) == []
