"""Notices when the machine's clock is set."""

from __future__ import annotations

import time
from collections.abc import Callable

# Clocks that are only adjusted differ by less: https://man7.org/linux/man-pages/man2/adjtimex.2.html
SMALLEST_JUMP = 1.0


class Jumps:
    """Compares the wall clock with the monotonic clock, which nobody can set."""

    def __init__(self, clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._monotonic = clock, monotonic
        self._apart = clock() - monotonic()

    def seconds(self) -> float:
        """Return the seconds by which the clock was set since the last call, 0.0 where it was not."""
        apart = self._clock() - self._monotonic()
        jump = apart - self._apart
        if abs(jump) < SMALLEST_JUMP:
            return 0.0
        self._apart = apart
        return jump
