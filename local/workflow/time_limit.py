"""Calls a function with a limit of time, as Step Functions does with a task."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

Given = TypeVar("Given")
Result = TypeVar("Result")


class TookTooLong(Exception):
    """The function has not returned in time."""


def within(seconds: float, call: Callable[[Given], Result], given: Given) -> Result:
    """Call the function in a thread of its own, and return its result or raise its exception. Raises TookTooLong."""
    # Python can't stop a thread: after the time-out the function goes on, and its result is dropped.
    results: list[Result] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            results.append(call(given))
        except Exception as error:
            errors.append(error)

    # With the caller's context, so that its log lines name the same post.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), name="task", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TookTooLong(f"It took longer than {seconds:.0f} s")
    return results[0]
