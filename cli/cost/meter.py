"""Counts what is done, and times the functions that do it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Iterator

# What a call waits for the network and the service, in ms. Assumed, as nothing here can measure it; everything else of
# a function's time is measured.
WAITS = {
    "dynamodb": 8,
    "events": 15,
    "s3": 30,
    "lex": 250,
    "x": 250,
    "x-upload": 600,
    "picture": 150,
    "saying": 300,
    "comprehend": 60,
    "rekognition": 600,
}


class Meter:
    """`counts`: by the name of a price, how many; besides `invocations:NAME` and `ms:NAME` of each function."""

    def __init__(self) -> None:
        self.counts: defaultdict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def add(self, name: str, how_many: float = 1, *, wait: str | None = None) -> None:
        with self._lock:
            self.counts[name] += how_many
        if wait:
            self.wait(wait)

    def wait(self, service: str) -> None:
        """Nobody waits: it is only noted."""
        with self._lock:
            self.counts["waited"] += WAITS[service]

    @contextlib.contextmanager
    def running(self, function: str) -> Iterator[None]:
        """An invocation: what it took here, and what it would have waited."""
        waited, start = self.counts["waited"], time.perf_counter()
        yield
        took = (time.perf_counter() - start) * 1000 + self.counts["waited"] - waited
        self.add(f"invocations:{function}")
        self.add(f"ms:{function}", took)
