"""A bot of the stage `local` for the commands that speak to X: a simulated X, and a webhook that answers it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.simulated_x import Webhook
from twbot.local.simulator.client import Simulator


class Ended(NamedTuple):
    """How a command ended: its code, stdout as JSON where it is, and stderr as JSON."""

    code: int
    out: Any
    err: str

    @property
    def error(self) -> dict[str, Any]:
        """With --json the error is the last line of stderr."""
        found: dict[str, Any] = json.loads(self.err.strip().splitlines()[-1])
        return found


Twbot = Callable[..., Ended]


class Local(NamedTuple):
    """A stage `local` beside a simulated X."""

    folder: Path
    x: Simulator
    webhook: Webhook
