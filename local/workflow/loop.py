"""Runs the flows of one execution, branches included, in one thread. Only what may wait long goes to another.

A flow is a generator. It yields what it waits for. When that is there it gets the result sent, or an exception thrown.
"""

from __future__ import annotations

import heapq
import itertools
import queue
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, NamedTuple

from twbot.local.workflow.errors import Cancelled
from twbot.local.workflow.scope import Scope
from twbot.local.workflow.time_limit import Call, TookTooLong, lend

# Calls of one execution that run side by side: the detectors of two pictures and of the text.
MAX_CALLS = 8


class Task(NamedTuple):
    """Wait for a function. Its result is sent. TookTooLong is thrown after so many seconds, and the result dropped."""

    function: Callable[[Any], Any]
    given: Any
    seconds: float
    scope: Scope


class Sleep(NamedTuple):
    """Wait so many seconds. Cancelled is thrown where a sibling fails meanwhile."""

    seconds: float
    scope: Scope


class Fork(NamedTuple):
    """Wait for flows that run side by side. Their outputs are sent, in their order.

    The exception of the first that fails is thrown when all have ended: the others do so at their next state.
    """

    flows: Sequence[Flowing]
    limit: int
    """How many run at the same time."""
    scope: Scope
    """The scope of all of them."""


Request = Task | Sleep | Fork
Flowing = Generator[Request, Any, Any]


def run(flow: Flowing) -> Any:
    """Run a flow to its end, and return its output or raise its exception."""
    return _Loop().run(flow)


class _Strand:
    """A flow that runs."""

    def __init__(self, flow: Flowing, group: _Group | None, number: int = 0) -> None:
        self.flow, self.group, self.number = flow, group, number
        self.call: Call | None = None  # the one that it waits for


class _Group:
    """The flows of a Fork."""

    def __init__(self, fork: Fork, parent: _Strand) -> None:
        self.fork, self.parent = fork, parent
        self.outputs: list[Any] = [None] * len(fork.flows)
        self.error: Exception | None = None
        self.todo: Iterator[tuple[int, Flowing]] = iter(enumerate(fork.flows))
        self.running = 0


class _Loop:
    def __init__(self) -> None:
        self._ended: queue.SimpleQueue[tuple[_Strand, Call]] = queue.SimpleQueue()
        self._ready: deque[tuple[_Strand, Any, Exception | None]] = deque()
        self._timers: list[tuple[float, int, _Strand, Call | Scope]] = []  # a heap: when, and what for
        self._order = itertools.count()
        self._queued: deque[tuple[_Strand, Task]] = deque()  # above MAX_CALLS
        self._calls = 0
        self._result: tuple[Any, Exception | None] | None = None

    def run(self, flow: Flowing) -> Any:
        self._ready.append((_Strand(flow, None), None, None))
        while self._result is None:
            if self._ready:
                self._go_on(*self._ready.popleft())
            else:
                self._wait()
        output, error = self._result
        if error is not None:
            raise error
        return output

    def _go_on(self, strand: _Strand, value: Any, error: Exception | None) -> None:
        try:
            request = strand.flow.send(value) if error is None else strand.flow.throw(error)
        except StopIteration as end:
            self._end(strand, end.value, None)
        except Exception as failed:
            self._end(strand, None, failed)
        else:
            if isinstance(request, Task):
                self._call(strand, request)
            elif isinstance(request, Sleep):
                self._at(time.monotonic() + request.seconds, strand, request.scope)
            else:
                self._fork(_Group(request, strand))

    def _wait(self) -> None:
        """Wait until a strand can go on."""
        while self._timers and self._is_over(self._timers[0]):
            heapq.heappop(self._timers)
        left = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
        try:
            strand, call = self._ended.get(timeout=left)
        except queue.Empty:
            self._ring(*heapq.heappop(self._timers)[2:])
            return
        if strand.call is call:  # else it took too long
            self._leave(strand)
            self._ready.append((strand, call.result, call.error))

    @staticmethod
    def _is_over(timer: tuple[float, int, _Strand, Call | Scope]) -> bool:
        """Return whether a timer is of a call that has ended."""
        _, _, strand, what = timer
        return isinstance(what, Call) and strand.call is not what

    def _ring(self, strand: _Strand, what: Call | Scope) -> None:
        if isinstance(what, Call):
            self._leave(strand)
            self._ready.append((strand, None, TookTooLong()))
        else:
            self._ready.append((strand, None, None))

    def _at(self, when: float, strand: _Strand, what: Call | Scope) -> None:
        heapq.heappush(self._timers, (when, next(self._order), strand, what))

    def _call(self, strand: _Strand, task: Task) -> None:
        if self._calls >= MAX_CALLS:
            self._queued.append((strand, task))
            return
        self._calls += 1
        # Python can't stop a thread: after the time-out the function goes on, and its result is dropped.
        call = strand.call = Call(task.function, task.given, lambda call: self._ended.put((strand, call)))
        self._at(time.monotonic() + task.seconds, strand, call)
        lend().give(call)

    def _leave(self, strand: _Strand) -> None:
        """Note that a strand waits for its call no more."""
        strand.call = None
        self._calls -= 1
        while self._queued and self._calls < MAX_CALLS:
            following, task = self._queued.popleft()
            if task.scope.is_cancelled:
                self._ready.append((following, None, Cancelled()))
            else:
                self._call(following, task)

    def _fork(self, group: _Group) -> None:
        for _ in range(group.fork.limit):
            if not self._begin(group):
                break
        if not group.running:
            self._ready.append((group.parent, group.outputs, None))

    def _begin(self, group: _Group) -> bool:
        """Begin with the next flow of a group. Return whether there was one."""
        if group.error is not None or (following := next(group.todo, None)) is None:
            return False
        number, flow = following
        group.running += 1
        self._ready.append((_Strand(flow, group, number), None, None))
        return True

    def _end(self, strand: _Strand, output: Any, error: Exception | None) -> None:
        if (group := strand.group) is None:
            self._result = (output, error)
            return
        group.running -= 1
        group.outputs[strand.number] = output
        if error is not None:
            self._fail(group, error)
        self._begin(group)
        if not group.running:
            self._ready.append((group.parent, group.outputs, group.error))

    def _fail(self, group: _Group, error: Exception) -> None:
        group.error = group.error or error
        group.fork.scope.cancel()
        # Whoever sleeps ends now, at whatever depth, and what was not begun never begins.
        sleeping = [each for each in self._timers if isinstance(each[3], Scope) and each[3].is_cancelled]
        self._timers = [each for each in self._timers if each not in sleeping]
        heapq.heapify(self._timers)
        self._ready.extend((strand, None, Cancelled()) for _, _, strand, _ in sleeping)
