"""What an operator can measure, over a window of time in even parts. Both platforms answer with these records."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from twbot.lambdas.contracts import DETAILS, RAW_TYPES
from twbot.lambdas.x.errors import Reason

Statistic = Literal["sum", "most", "median", "p95"]
Datapoints = Iterable[tuple[float, float]]
# How long before a window a message is looked for that was answered in it: further back, logs cost more to read.
LOOKBACK_SECONDS = 3 * 3600


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


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted or timed. `statistic` makes one number of several; `unit`: "s" for seconds, "" for a number."""

    name: str
    description: str
    statistic: Statistic = "sum"
    unit: Literal["", "s"] = ""


class MetricSeries(msgspec.Struct, frozen=True, kw_only=True):
    """A measure in a window: a value a part, the oldest first (None: nothing to measure), and `total` of them all."""

    metric: Metric
    values: list[float | None]
    total: float | None


def series_of(metric: Metric, window: Window, moments: Datapoints) -> MetricSeries:
    """Of what was seen when: (epoch seconds, value), in any order; what is outside of the window does not count."""
    parts: list[list[float]] = [[] for _ in range(window.parts)]
    for at, value in moments:
        if (part := window.part(at)) is not None:
            parts[part].append(value)
    one = _ONE[metric.statistic]
    return MetricSeries(
        metric=metric, values=[one(part) for part in parts], total=one([value for part in parts for value in part])
    )


def quantile(values: Sequence[float], share: float) -> float | None:
    """The least value that so much of all is no more than."""
    return sorted(values)[math.ceil(share * len(values) - 1e-9) - 1] if values else None


_ONE: dict[Statistic, Callable[[list[float]], float | None]] = {
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


def all_metrics(services: Sequence[str]) -> list[Metric]:
    """What both platforms measure, of these microservices."""
    events = (
        Metric(name=kind, description="events of this type; not again when replayed") for kind in (*DETAILS, *RAW_TYPES)
    )
    reasons = (Metric(name=failed(reason), description=f"replies that failed: {reason}") for reason in Reason)
    dead = (
        Metric(name=dead_letters(each), description=f"dead letters of {each}", statistic="most") for each in services
    )
    return [*events, *_WEBHOOK, *_REPLIES, *reasons, *dead]


_WEBHOOK = (
    Metric(name=WEBHOOK, description="requests that the webhook answered"),
    Metric(name=WEBHOOK_4XX, description="requests that it refused: not from X, malformed, or too many"),
    Metric(name=WEBHOOK_5XX, description="requests that went wrong: X delivers them again"),
    Metric(name=WEBHOOK_TIME, description="its slowest answer", statistic="most", unit="s"),
)
_REPLIES = (
    Metric(name=REPLY_TIME, description="from a message's arrival to its reply, median", statistic="median", unit="s"),
    Metric(
        name=REPLY_TIME_P95,
        description="from a message's arrival to its reply, 95% were quicker",
        statistic="p95",
        unit="s",
    ),
    Metric(name=PUT_OFF, description="replies put off because X limited, was down, or something failed"),
    Metric(name=OLDEST_REPLY, description="how long the oldest reply waited", statistic="most", unit="s"),
)


def function_metrics(functions: Iterable[str]) -> Iterator[Metric]:
    """What only AWS measures, of each Lambda function."""
    for name in functions:
        yield Metric(name=f"function-errors-{name}", description=f"invocations of the function {name} that failed")
        yield Metric(
            name=f"function-throttles-{name}", description=f"invocations of {name} that AWS put off: too many at once"
        )
        yield Metric(
            name=f"function-time-{name}", description=f"the slowest invocation of {name}", statistic="most", unit="s"
        )
