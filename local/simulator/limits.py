"""Rate limits, and failures on demand."""

from __future__ import annotations

import math
import time
from typing import Literal

import msgspec

from twbot.local.simulator import problems

WINDOW_SECONDS = 900
DAY_SECONDS = 86_400
POST = "POST /2/tweets"
FailureKind = Literal[
    "rate_limit",
    "credits",
    "cap",
    "error",
    "unavailable",
    "unauthorized",
    "forbidden",
    "duplicate",
    "timeout",
    "lost_answer",
]


class Limits:
    """Counts calls in windows of 15 minutes for each caller and endpoint, and the app's posts in a day.

    https://docs.x.com/x-api/fundamentals/rate-limits
    """

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], tuple[float, int]] = {}
        self.changed: dict[str, int] = {}
        self.posts_a_day = 10_000

    def count(self, call: str, caller: str, limit: int) -> dict[str, str]:
        """Count one call and return X's rate limit headers. Raises Problem 429 when the limit is reached."""
        limit = self.changed.get(call, limit)
        headers = self._count(call, caller, limit, WINDOW_SECONDS, "x-rate-limit")
        if call == POST:
            headers |= self._count(call, "the app's day", self.posts_a_day, DAY_SECONDS, "x-app-limit-24hour")
        return headers

    def _count(self, call: str, caller: str, limit: int, seconds: int, prefix: str) -> dict[str, str]:
        now = time.time()
        reset, used = self._used.get((call, caller), (0.0, 0))
        if now >= reset:
            reset, used = now + seconds, 0
        remaining = limit - used - 1
        headers = {f"{prefix}-limit": str(limit), f"{prefix}-remaining": str(max(remaining, 0))}
        headers[f"{prefix}-reset"] = str(math.ceil(reset))
        if remaining < 0:
            raise problems.too_many(headers)
        self._used[call, caller] = (reset, used + 1)
        return headers

    def forget(self) -> None:
        self._used.clear()


class Failure(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A failure of the next `count` calls of an endpoint."""

    kind: FailureKind
    count: int = 1
    call: str = POST
    """Method and path of the endpoint."""
    seconds: float = 2.0
    """Until the reset of a rate limit, or of a timeout."""

    def problem(self, now: float) -> problems.Problem:
        """Return X's answer for the failure. `now`: epoch seconds."""
        if self.kind == "rate_limit":
            reset = str(math.ceil(now + self.seconds))
            return problems.too_many({"x-rate-limit-remaining": "0", "x-rate-limit-reset": reset})
        return {
            "credits": problems.CREDITS,
            "cap": problems.USAGE_CAP,
            "error": problems.INTERNAL,
            "unauthorized": problems.unauthorized(),
            "forbidden": problems.forbidden("You are not permitted to perform this action."),
            "duplicate": problems.forbidden(problems.DUPLICATE),
        }.get(self.kind, problems.UNAVAILABLE)


class Failures:
    """The queue of failures, first in, first out."""

    def __init__(self) -> None:
        self.coming: list[Failure] = []

    def next(self, call: str) -> Failure | None:
        """Return the failure of this call and count it, None where the call shall succeed."""
        for failure in self.coming:
            if failure.call == call:
                failure.count -= 1
                self.coming = [other for other in self.coming if other.count > 0]
                return failure
        return None
