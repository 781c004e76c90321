"""Runs the branches of a Parallel or Map at the same time, on the pool's threads and on the caller's.

The calling thread works on the branches, too. So nested branches never wait for a thread that waits for them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

from twbot.local.workflow.errors import Cancelled
from twbot.local.workflow.flow import Flow
from twbot.local.workflow.scope import Run, Scope

# Step Functions runs at most 40 iterations of an inline Map at the same time.
# https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
MAX_CONCURRENCY = 40

Branch = tuple[Flow, Any, dict[str, Any] | None]  # the flow, its input, and Map's item


def run(branches: list[Branch], parent: Run, name: str, limit: int) -> list[Any]:
    """Run the branches, `limit` of them at the same time, and return their outputs in order.

    Raises the exception of the first branch that fails, and stops the others.
    """
    group = _Group(parent, name)
    # Most branches begin with states that need no thread: run those first, one after another.
    unfinished = [number for number, branch in enumerate(branches) if not group.begin(number, branch)]
    group.finish(unfinished, limit)
    return [group.outputs[number] for number in range(len(branches))]


class _Group:
    def __init__(self, parent: Run, name: str) -> None:
        self.outputs: dict[int, Any] = {}
        self._parent = parent
        self._where = f"{parent.where}.{name}" if parent.where else name
        self._scope = Scope(parent.scope)
        self._error: Exception | None = None
        self._lock = threading.Lock()
        self._begun: dict[int, tuple[Flow, Any, str | None, Run]] = {}

    def begin(self, number: int, branch: Branch) -> bool:
        """Run a branch until it needs a thread. Return whether it reached its end."""
        flow, data, item = branch
        run = self._parent._replace(
            scope=self._scope, context=self._parent.context.fork(item), where=f"{self._where}[{number}]"
        )
        data, name = flow.begin(data, run)
        if name is None:
            self.outputs[number] = data
        else:
            self._begun[number] = (flow, data, name, run)
        return name is None

    def finish(self, numbers: list[int], limit: int) -> None:
        if not numbers:
            return
        todo = iter(numbers)  # shared by all threads, under the lock
        helpers = [self._help(todo) for _ in range(min(limit, len(numbers)) - 1)]
        try:
            self._work(todo)
            for helper in helpers:
                # A helper that can be cancelled never began: the caller's thread did its share.
                if helper is not None and not helper.cancel():
                    helper.result()
        except Cancelled:
            if self._error is None:
                raise
        finally:
            self._scope.cancel()
        if self._error is not None:
            raise self._error

    def _help(self, todo: Iterator[int]) -> Future[None] | None:
        try:
            return self._parent.world.pool.submit(self._work, todo)
        except RuntimeError:  # the pool is shut down: the caller's thread does all the work
            return None

    def _work(self, todo: Iterator[int]) -> None:
        while True:
            with self._lock:
                number = next(todo, None)
            if number is None:
                return
            flow, data, name, run = self._begun[number]
            try:
                self.outputs[number] = flow.finish(data, name, run)
            except Cancelled:
                raise
            except Exception as failed:
                self._fail(failed)

    def _fail(self, failed: Exception) -> None:
        with self._lock:
            self._error = self._error or failed
        self._scope.cancel()
        raise Cancelled
