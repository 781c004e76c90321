"""What an operator can measure, over a window of time in even parts. Both platforms answer with these records."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from twbot.lambdas.contracts import DETAILS, RAW_TYPES
from twbot.lambdas.x.errors import Reason

How = Literal["sum", "most", "median", "p95"]
Moments = Iterable[tuple[float, float]]
# How long before a window a message is looked for that was answered in it: further back, logs cost more to read.
BEFORE = 3 * 3600


class Window(msgspec.Struct, frozen=True):
    """`parts` parts of `step` seconds from `start` on; epoch seconds, in step with the clock (UTC)."""

    start: int
    step: int
    parts: int

    @property
    def end(self) -> int:
        return self.start + self.step * self.parts

    def part(self, at: float) -> int | None:
        """Which part a moment is in; None for one outside."""
        return int((at - self.start) // self.step) if self.start <= at < self.end else None


def window_between(start: float, end: float, step: int) -> Window:
    """All the parts that the time between touches."""
    first, last = math.floor(start / step), math.ceil(end / step)
    return Window(first * step, step, max(1, last - first))


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """`how` makes one number of several; `unit`: "s" for seconds, "" for a number; `says` what is counted or timed."""

    name: str
    says: str
    how: How = "sum"
    unit: Literal["", "s"] = ""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A measure in a window: a value a part, the oldest first (None: nothing to measure), and `whole` of them all."""

    measure: Measure
    values: list[float | None]
    whole: float | None


def measured(measure: Measure, window: Window, moments: Moments) -> Measured:
    """Of what was seen when: (epoch seconds, value), in any order; what is outside of the window does not count."""
    parts: list[list[float]] = [[] for _ in range(window.parts)]
    for at, value in moments:
        if (part := window.part(at)) is not None:
            parts[part].append(value)
    one = _ONE[measure.how]
    return Measured(
        measure=measure, values=[one(part) for part in parts], whole=one([value for part in parts for value in part])
    )


def quantile(values: Sequence[float], share: float) -> float | None:
    """The least value that so much of all is no more than."""
    return sorted(values)[math.ceil(share * len(values) - 1e-9) - 1] if values else None


_ONE: dict[How, Callable[[list[float]], float | None]] = {
    "sum": math.fsum,
    "most": lambda values: max(values, default=None),
    "median": lambda values: statistics.median(values) if values else None,
    "p95": lambda values: quantile(values, 0.95),
}

REPLY_TIME, REPLY_TIME_P95 = "reply-time", "reply-time-p95"
PUT_OFF, OLDEST_REPLY = "replies-put-off", "replies-oldest"
WEBHOOK, WEBHOOK_4XX, WEBHOOK_5XX, WEBHOOK_TIME = "webhook", "webhook-4xx", "webhook-5xx", "webhook-time"


def failed(reason: str) -> str:
    """The name of the measure of replies that failed for a reason."""
    return f"failed-{reason}"


def dead_letters(service: str) -> str:
    return f"dead-letters-{service}"


def measures(services: Sequence[str]) -> list[Measure]:
    """What both platforms measure, of these microservices."""
    events = (
        Measure(name=kind, says="events of this type; not again when replayed") for kind in (*DETAILS, *RAW_TYPES)
    )
    reasons = (Measure(name=failed(reason), says=f"replies that failed: {reason}") for reason in Reason)
    dead = (Measure(name=dead_letters(each), says=f"dead letters of {each}", how="most") for each in services)
    return [*events, *_WEBHOOK, *_REPLIES, *reasons, *dead]


_WEBHOOK = (
    Measure(name=WEBHOOK, says="requests that the webhook answered"),
    Measure(name=WEBHOOK_4XX, says="requests that it refused: not from X, malformed, or too many"),
    Measure(name=WEBHOOK_5XX, says="requests that went wrong: X delivers them again"),
    Measure(name=WEBHOOK_TIME, says="its slowest answer", how="most", unit="s"),
)
_REPLIES = (
    Measure(name=REPLY_TIME, says="from a message's arrival to its reply, median", how="median", unit="s"),
    Measure(name=REPLY_TIME_P95, says="from a message's arrival to its reply, 95% were quicker", how="p95", unit="s"),
    Measure(name=PUT_OFF, says="replies put off because X limited, was down, or something failed"),
    Measure(name=OLDEST_REPLY, says="how long the oldest reply waited", how="most", unit="s"),
)


def function_measures(functions: Iterable[str]) -> Iterator[Measure]:
    """What only AWS measures, of each Lambda function."""
    for name in functions:
        yield Measure(name=f"function-errors-{name}", says=f"invocations of the function {name} that failed")
        yield Measure(
            name=f"function-throttles-{name}", says=f"invocations of {name} that AWS put off: too many at once"
        )
        yield Measure(name=f"function-time-{name}", says=f"the slowest invocation of {name}", how="most", unit="s")
