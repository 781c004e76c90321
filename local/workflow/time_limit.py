"""Threads for calls that may take too long: Python can't stop one, so whoever waits goes on without its result."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable
from typing import Any

MAX_IDLE = 16  # threads that wait for a next call


class TookTooLong(Exception):
    """The function has not returned in time."""


class Call:
    """A call of a function, with the context of whoever makes it, so that its log lines name the same post.

    `ended` is called in the call's thread.
    """

    def __init__(self, function: Callable[[Any], Any], given: Any, ended: Callable[[Call], None]) -> None:
        self._context = contextvars.copy_context()
        self._function, self._given, self._ended = function, given, ended
        self.result: Any = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.result = self._context.run(self._function, self._given)
        except Exception as error:
            self.error = error
        finally:
            self._ended(self)


class Thread:
    """A thread that makes one call after another. Starting one for each call takes as long as many a call."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Call] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="task", daemon=True).start()

    def give(self, call: Call) -> None:
        self._calls.put(call)

    def _work(self) -> None:
        while True:
            self._calls.get().run()
            if len(_idle) >= MAX_IDLE:
                return
            _idle.append(self)


_idle: list[Thread] = []


def lend() -> Thread:
    """Return a thread that makes no call, a new one where there is none: a call that hangs keeps its own."""
    try:
        return _idle.pop()
    except IndexError:
        return Thread()
