"""The process that posts replies, with short waits for X: SECONDS in the environment."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from unittest import mock

from twbot.lambdas.egress import attempts, sender
from twbot.local import child_python
from twbot.local.egress import process, worker

VARIABLE = "TWBOT_TEST_WAITS"
WORKER = "tests.support.quick_replies"


@contextlib.contextmanager
def short_waits(seconds: float) -> Iterator[None]:
    """Let bots that are started within wait so many seconds for X at most. The simulated X shows posts at once."""
    with (
        mock.patch.object(process, "WORKER", WORKER),
        mock.patch.dict(os.environ, {VARIABLE: str(seconds)}),
        mock.patch.object(child_python, "KEPT", (*child_python.KEPT, VARIABLE)),
    ):
        yield


if __name__ == "__main__":
    attempts.TIMELINE_LAG = attempts.MAX_REQUEST = sender.RETRY_AFTER = float(os.environ[VARIABLE])  # type: ignore[assignment]
    worker.main()
