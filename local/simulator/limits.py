"""Rate limits, and failures on demand."""

from __future__ import annotations

import math
import random
import threading
import time
from typing import Annotated, Literal, NamedTuple, get_args

import msgspec
from msgspec import Meta

from twbot.local.simulator import problems

WINDOW_SECONDS = 900
DAY_SECONDS = 86_400
POST = "POST /2/tweets"
POSTS_A_DAY = 10_000  # of the app
ANY_CALL = "*"
CallFailure = Literal[
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
    "slow",
]
DeliveryFailure = Literal["sent_twice", "sent_late", "never_sent", "wrong_signature"]
FailureKind = Literal[CallFailure, DeliveryFailure]
DELIVERIES = "deliveries"
DELIVERY_KINDS: tuple[str, ...] = get_args(DeliveryFailure)


class Used(NamedTuple):
    """How far a limit is used."""

    call: str
    """Method and path of the endpoint."""
    caller: str
    """A user's id, "app", or "the app's day" for the app's posts in a day."""
    limit: int
    used: int
    reset: float
    """Epoch seconds."""


class Limits:
    """Counts calls in windows of 15 minutes for each caller and endpoint, and the app's posts in a day.

    https://docs.x.com/x-api/fundamentals/rate-limits
    """

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], tuple[float, int, int]] = {}  # reset, used, limit
        self.changed: dict[str, int] = {}
        self.posts_a_day = POSTS_A_DAY
        self.changes = 0
        """A number that grows with each call that is counted."""

    def count(self, call: str, caller: str, limit: int) -> dict[str, str]:
        """Count one call and return X's rate limit headers. Raises Problem 429 when the limit is reached."""
        limit = self.changed.get(call, limit)
        headers = self._count(call, caller, limit, WINDOW_SECONDS, "x-rate-limit")
        if call == POST:
            headers |= self._count(call, "the app's day", self.posts_a_day, DAY_SECONDS, "x-app-limit-24hour")
        return headers

    def _count(self, call: str, caller: str, limit: int, seconds: int, prefix: str) -> dict[str, str]:
        now = time.time()
        reset, used, _ = self._used.get((call, caller), (0.0, 0, 0))
        if now >= reset:
            reset, used = now + seconds, 0
        remaining = limit - used - 1
        headers = {f"{prefix}-limit": str(limit), f"{prefix}-remaining": str(max(remaining, 0))}
        headers[f"{prefix}-reset"] = str(math.ceil(reset))
        if remaining < 0:
            raise problems.too_many(headers)
        self._used[call, caller] = (reset, used + 1, limit)
        self.changes += 1
        return headers

    def used(self) -> list[Used]:
        """Return the limits of which something is used now."""
        now = time.time()
        counts = sorted(dict(self._used).items())
        return [Used(*key, limit, used, reset) for key, (reset, used, limit) in counts if now < reset]

    def reset(self) -> None:
        """Forget the counts, and what was changed."""
        self.changed, self.posts_a_day = {}, POSTS_A_DAY
        self.forget()

    def forget(self) -> None:
        """Forget the counts."""
        self._used.clear()
        self.changes += 1


class Failure(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A failure of the next `count` calls of an endpoint, or of the next deliveries to webhooks."""

    kind: FailureKind
    count: Annotated[int, Meta(ge=1)] | None = 1
    """None: until it is taken away."""
    call: str = POST
    """Method and path of the endpoint, or "*" for any. A failure of deliveries always has "deliveries"."""
    seconds: Annotated[float, Meta(ge=0, le=3600)] = 2.0
    """Until the reset of a rate limit, of a timeout, or by which an answer or delivery is late."""
    share: Annotated[float, Meta(gt=0, le=1)] = 1.0
    """The part of the calls that fail, chosen at random."""
    id: int = 0
    """Given to it when it is added."""

    def __post_init__(self) -> None:
        if self.kind in DELIVERY_KINDS:
            self.call = DELIVERIES

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
    """The failures to come: of several that fit a call, the first. Threads may share it."""

    def __init__(self) -> None:
        self.coming: list[Failure] = []
        self.changes = 0
        """A number that grows with each change of what is to come."""
        self._random = random.Random()  # noqa: S311 (chooses calls, no secret)
        self._added = 0
        self._lock = threading.Lock()

    def add(self, failure: Failure) -> None:
        with self._lock:
            self._added += 1
            self.changes += 1
            failure.id = self._added
            self.coming = [*self.coming, failure]

    def remove(self, failure_id: int) -> None:
        with self._lock:
            self.changes += 1
            self.coming = [each for each in self.coming if each.id != failure_id]

    def clear(self) -> None:
        with self._lock:
            self.changes += 1
            self.coming = []

    def seed(self, seed: int) -> None:
        """Choose from now on the same calls for the same seed, where they come in the same order."""
        self._random.seed(seed)

    def next(self, call: str) -> Failure | None:
        """Return the failure of this call and count it, None where the call shall succeed."""
        with self._lock:
            chosen = next((each for each in self.coming if self._hits(each, call)), None)
            if chosen is not None and chosen.count is not None:
                chosen.count -= 1
                self.changes += 1
                self.coming = [each for each in self.coming if each.count != 0]
            return chosen

    def _hits(self, failure: Failure, call: str) -> bool:
        fits = failure.call == call or (failure.call == ANY_CALL and call != DELIVERIES)
        return fits and (failure.share >= 1 or self._random.random() < failure.share)
