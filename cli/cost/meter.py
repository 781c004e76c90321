"""Counts calls, and measures how long the functions run."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Iterator

# How long a call waits for the network and the service, in ms. These are assumptions: no service is called here, so
# only the functions' own time can be measured.
WAITS = {
    "dynamodb": 8,
    "events": 15,
    "sns": 15,
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
    """Counts by name: of a price, or `invocations:NAME` and `ms:NAME` of a function. Safe for several threads."""

    def __init__(self) -> None:
        self.counts: defaultdict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def add(self, name: str, count: float = 1, *, wait: str | None = None) -> None:
        """Count something. `wait`: the service that the call waits for."""
        # The workflow's branches run in threads of their own.
        with self._lock:
            self.counts[name] += count
        if wait:
            self.wait(wait)

    def wait(self, service: str) -> None:
        """Add the assumed wait for a service to the running function's time, without waiting."""
        with self._lock:
            self.counts["waited"] += WAITS[service]

    @contextlib.contextmanager
    def running(self, function: str) -> Iterator[None]:
        """Count the block as an invocation of a function: its time here plus the assumed waits."""
        waited, start = self.counts["waited"], time.perf_counter()
        yield
        duration = (time.perf_counter() - start) * 1000 + self.counts["waited"] - waited
        self.add(f"invocations:{function}")
        self.add(f"ms:{function}", duration)
