"""`twbot …` as users run it, for the trials: X_URL PARENT ARGUMENT…

Analysers that answer at once take the models' place: the pipeline is on trial. X is a process of the trial's, which
can be killed alone. Waits for X are a few seconds at most instead of half a minute, as a trial has no hour.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
import time
from pathlib import Path
from unittest import mock

import msgspec

from tests.support.instant_models import Instant
from tests.support.quick_replies import short_waits
from twbot.cli.main import main
from twbot.local import bot, system
from twbot.local.simulator.client import TOKEN_VARIABLE, SimulatorClient

TIMELINE_LAG = 1.0
LONGEST_WAIT = 3.0


class Attached:
    """A simulated X that runs already."""

    def __init__(self, url: str, control_token: str, *_: object, **__: object) -> None:
        self.url, self.control_token = url, control_token
        self.client = SimulatorClient(url, control_token)

    def __enter__(self) -> Attached:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()


def run(x_url: str, parent: int) -> None:
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    x = functools.partial(Attached, x_url, os.environ.pop(TOKEN_VARIABLE))
    beside = functools.partial(system.beside_simulated_x, analysers=Instant)
    replies = msgspec.structs.replace(bot.REPLIES, longest=LONGEST_WAIT)
    with (
        mock.patch.object(system, "Simulator", x),
        mock.patch.object(system, "beside_simulated_x", beside),
        mock.patch.object(bot, "REPLIES", replies),
        short_waits(TIMELINE_LAG),
    ):
        main()


def _end_with(parent: int) -> None:
    """End when the prover is gone, however it ended."""
    while Path(f"/proc/{parent}").exists() or not Path("/proc/self").exists():
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    url, prover, *rest = sys.argv[1:]
    sys.argv[1:] = rest
    run(url, int(prover))
