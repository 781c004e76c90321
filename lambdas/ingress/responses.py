"""What X is answered. Every answer but a plain 200 leaves a line in the log, without anything of the body."""

from __future__ import annotations

import logging
import time
from typing import Any

import msgspec

from twbot.lambdas.errors import Temporary

MAX_BODY = 1_000_000
RETRY_AFTER = 3.0
_log = logging.getLogger("twbot.ingress")


class Answer(msgspec.Struct, frozen=True):
    """What X is told: the HTTP status, a JSON body, and in how many seconds to come back, where it should."""

    status: int
    body: dict[str, Any]
    retry_after: int | None = None


def refuse(status: int, why: str, length: int = 0) -> Answer:
    """A 4xx, over a body of so many bytes."""
    _log.warning("webhook refused", extra={"status": status, "reason": why, "bytes": length})
    return Answer(status, {"error": why})


def too_large(length: int) -> Answer:
    """The answer to a body above MAX_BODY, of which no more than `length` bytes need have been read."""
    return refuse(413, f"The body is larger than {MAX_BODY:,} bytes.", length)


def come_back(error: Temporary) -> Answer:
    """X delivers again what is not answered with 200."""
    seconds = RETRY_AFTER if error.retry_at is None else error.retry_at - time.time()
    _log.warning("webhook put off", extra={"status": 503, "reason": str(error)})
    return Answer(503, {"error": "Try again later."}, retry_after=max(1, round(seconds)))
