"""When Lambda stops the invocation that runs now."""

from __future__ import annotations

import contextvars
import time
from typing import Any

_ends: contextvars.ContextVar[float] = contextvars.ContextVar("ends")


def note_deadline(context: Any) -> None:
    """`context` is Lambda's."""
    _ends.set(time.time() + context.get_remaining_time_in_millis() / 1000)


def ends() -> float:
    """Epoch seconds."""
    return _ends.get()
