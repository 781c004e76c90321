"""A trial: a name, what it does, a source of chance, and what it found."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class NotHere(Exception):
    """The trial can't run on this machine. The text says why."""


class Trial:
    """One run of a trial. The same seed and scale plan the same steps.

    scale: 1 for a run of about ten minutes in all
    """

    def __init__(self, name: str, seed: int, scale: float, folder: Path) -> None:
        self.name, self.seed, self.scale, self.folder = name, seed, scale, folder
        self.random = random.Random(f"{name} {seed}")
        self.tried = 0
        self.lost: list[str] = []
        self.doubled: list[str] = []
        self.violations: list[str] = []
        self.notes: list[str] = []

    def times(self, count: int, least: int = 1) -> int:
        """Return how often to do what is done `count` times at scale 1."""
        return max(least, math.ceil(count * self.scale))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def check(self, holds: bool, otherwise: str) -> None:
        """Note a violation where a promise does not hold."""
        if not holds:
            self.violations.append(otherwise)

    def until(self, condition: Callable[[], bool], seconds: float, otherwise: str) -> bool:
        """Wait for a condition; a violation where it does not come true. Return whether it did."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                self.violations.append(f"{otherwise} within {seconds:.0f} s")
                return False
            time.sleep(0.05)
        return True

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.violations)


class Declared(NamedTuple):
    """A trial as it is declared."""

    name: str
    what: str
    """What it does, in one line."""
    run: Callable[[Trial], None]


TRIALS: dict[str, Declared] = {}


def trial(name: str, what: str) -> Callable[[Callable[[Trial], None]], Callable[[Trial], None]]:
    """Declare a trial."""

    def declare(run: Callable[[Trial], None]) -> Callable[[Trial], None]:
        TRIALS[name] = Declared(name, what, run)
        return run

    return declare
