"""The time at which Lambda stops the current invocation."""

from __future__ import annotations

import contextvars
import math
import time
from typing import Any

# A context variable, as the publisher hands it on to its threads.
_ends: contextvars.ContextVar[float] = contextvars.ContextVar("ends")


def note_deadline(context: Any) -> None:
    """Remember when this invocation times out.

    context: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """
    _ends.set(time.time() + context.get_remaining_time_in_millis() / 1000)


def ends() -> float:
    """Return the epoch seconds at which the invocation times out."""
    return _ends.get()


def seconds_left() -> float:
    """Return the seconds until the invocation times out; infinity where none is under way."""
    return _ends.get(math.inf) - time.time()
