"""The doctor's checks, run once for all windows, one check after the other as they come."""

from __future__ import annotations

import threading
import time

from twbot.cli.doctor.run import run_checks
from twbot.cli.operations.target import Target
from twbot.cli.ui.check import Check


class Examination:
    """Runs the checks of `twbot doctor`, at most once at a time."""

    def __init__(self, target: Target) -> None:
        self._target, self._lock = target, threading.Lock()
        self._checks: list[Check] = []
        self.is_running = False
        self.ended: float | None = None
        """Epoch seconds."""

    @property
    def checks(self) -> list[Check]:
        """The checks that are done."""
        with self._lock:
            return list(self._checks)

    @property
    def summary(self) -> str:
        """How many checks are in which state, the worst first."""
        states = [each.state for each in self.checks]
        counts = {state: states.count(state) for state in ("wrong", "warning", "skipped", "ok")}
        return ", ".join(f"{count} {state}" for state, count in counts.items() if count)

    def start(self, *, models: bool) -> None:
        """Begin anew, unless it runs already."""
        with self._lock:
            if self.is_running:
                return
            self.is_running, self._checks, self.ended = True, [], None
        threading.Thread(target=self._run, args=(models,), name="console-doctor", daemon=True).start()

    def _run(self, models: bool) -> None:
        try:
            for check in run_checks(self._target, models=models):
                with self._lock:
                    self._checks.append(check)
        finally:
            with self._lock:
                self.is_running, self.ended = False, time.time()
