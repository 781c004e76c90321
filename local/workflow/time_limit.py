"""Calls a function with a limit of time, as Step Functions does with a task."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

MAX_IDLE = 16  # threads that wait for a next call

Given = TypeVar("Given")
Result = TypeVar("Result")


class TookTooLong(Exception):
    """The function has not returned in time."""


def within(seconds: float, call: Callable[[Given], Result], given: Given) -> Result:
    """Call the function in another thread, and return its result or raise its exception. Raises TookTooLong."""
    # Python can't stop a thread: after the time-out the function goes on, and its result is dropped.
    done = _Call(call, given)
    _lend().give(done)
    if not done.ended.acquire(timeout=seconds):
        raise TookTooLong(f"It took longer than {seconds:.0f} s")
    if done.error is not None:
        raise done.error
    result: Result = done.result
    return result


class _Call:
    def __init__(self, call: Callable[[Any], Any], given: Any) -> None:
        # With the caller's context, so that its log lines name the same post.
        self._context = contextvars.copy_context()
        self._call, self._given = call, given
        self.result: Any = None
        self.error: Exception | None = None
        self.ended = threading.Lock()
        self.ended.acquire()

    def run(self) -> None:
        try:
            self.result = self._context.run(self._call, self._given)
        except Exception as error:
            self.error = error
        finally:
            self.ended.release()


class _Thread:
    """A thread that makes one call after another. Starting one for each call takes as long as many a call."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[_Call] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="task", daemon=True).start()

    def give(self, call: _Call) -> None:
        self._calls.put(call)

    def _work(self) -> None:
        while True:
            self._calls.get().run()
            if len(_idle) >= MAX_IDLE:
                return
            _idle.append(self)


_idle: list[_Thread] = []


def _lend() -> _Thread:
    """Return a thread that makes no call, a new one where there is none: a call that hangs keeps its own."""
    try:
        return _idle.pop()
    except IndexError:
        return _Thread()
