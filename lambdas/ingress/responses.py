"""The answers to X. Each one but a 200 is logged, without any part of the body, which may be hostile or private."""

from __future__ import annotations

import logging
import time
from typing import Any

import msgspec

from twbot.lambdas.errors import Temporary

MAX_BODY = 1_000_000
# As long as X's Account Activity API waits before its first retry of a failed delivery.
RETRY_AFTER = 3.0
_log = logging.getLogger("twbot.ingress")


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer with a JSON body."""

    status: int
    body: dict[str, Any]
    retry_after: int | None = None
    """Seconds after which X should deliver again; None: no Retry-After header."""


def refuse(status: int, why: str, length: int = 0) -> Answer:
    """Log a refusal and return a 4xx answer. `length` is the size of the body in bytes."""
    _log.warning("webhook refused", extra={"status": status, "reason": why, "bytes": length})
    return Answer(status, {"error": why})


def too_large(length: int) -> Answer:
    """Return the answer to a body above MAX_BODY, of which `length` bytes were read."""
    return refuse(413, f"The body is larger than {MAX_BODY:,} bytes.", length)


def retry_later(error: Temporary) -> Answer:
    """Return a 503. X delivers again whatever is not answered with 200."""
    seconds = RETRY_AFTER if error.retry_at is None else error.retry_at - time.time()
    _log.warning("webhook put off", extra={"status": 503, "reason": str(error)})
    return Answer(503, {"error": "Try again later."}, retry_after=max(1, round(seconds)))
