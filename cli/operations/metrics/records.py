"""Metrics over a window of time in even parts. Both platforms return these records."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from twbot.lambdas.contracts import DETAILS, RAW_TYPES
from twbot.lambdas.x.errors import Reason

Statistic = Literal["sum", "most", "median", "p95"]
Datapoints = Iterable[tuple[float, float]]  # (epoch seconds, value)
# A message may have arrived this long before the window in which it was answered. Reading further back costs more,
# because CloudWatch bills what a query scans. https://aws.amazon.com/cloudwatch/pricing
LOOKBACK_SECONDS = 3 * 3600


class Window(msgspec.Struct, frozen=True):
    """A span of time in even parts, aligned to the clock (UTC)."""

    start: int
    """Epoch seconds."""
    step: int
    """The length of a part, in seconds."""
    parts: int
    """How many parts there are."""

    @property
    def end(self) -> int:
        """Epoch seconds; the window ends before them."""
        return self.start + self.step * self.parts

    def part(self, at: float) -> int | None:
        """Return the index of the part that a time is in; None outside of the window."""
        return int((at - self.start) // self.step) if self.start <= at < self.end else None


def window_between(start: float, end: float, step: int) -> Window:
    """Return the window of all parts that touch the time from `start` to `end`."""
    first, last = math.floor(start / step), math.ceil(end / step)
    return Window(first * step, step, max(1, last - first))


# The lengths of a part that fit the clock, in seconds.
PERIODS = (60, 120, 300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)


def fitting_window(start: float, end: float, *, shortest: int, max_parts: int) -> Window:
    """Return the window from `start` to `end`, in the shortest parts that are no more than `max_parts`.

    shortest: the shortest period for which there are datapoints, in seconds
    """
    step = next((each for each in PERIODS if each >= shortest and int((end - start) / each) <= max_parts), PERIODS[-1])
    return window_between(start, end, step)


def length_text(seconds: int) -> str:
    """Format the length of a part as people say it: minute, 5 minutes, 2 days."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds % size == 0:
            return unit if seconds == size else f"{seconds // size} {unit}s"
    return f"{seconds} seconds" if seconds > 1 else "second"


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is counted or timed."""

    name: str
    description: str
    statistic: Statistic = "sum"
    """How the values of a part become one number."""
    unit: Literal["", "s"] = ""
    """`s` for seconds, empty for a count."""


class MetricSeries(msgspec.Struct, frozen=True, kw_only=True):
    """The values of a metric over a window."""

    metric: Metric
    values: list[float | None]
    """One value for each part, the oldest first; None for a part without a datapoint."""
    total: float | None
    """The statistic of all datapoints of the window; None without any."""


def series_of(metric: Metric, window: Window, datapoints: Datapoints) -> MetricSeries:
    """Return the series of a metric. The datapoints may be in any order; those outside of the window do not count."""
    parts: list[list[float]] = [[] for _ in range(window.parts)]
    for at, value in datapoints:
        if (part := window.part(at)) is not None:
            parts[part].append(value)
    statistic = _STATISTICS[metric.statistic]
    # Not of `values`: the median of medians is no median.
    total = statistic([value for part in parts for value in part])
    return MetricSeries(metric=metric, values=[statistic(part) for part in parts], total=total)


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank quantile: the smallest value with at least `share` of the values at or below it.

    None without values.
    """
    # A product may be a hair above a whole number: 0.07 * 100 is 7.000000000000001.
    # https://docs.python.org/3/tutorial/floatingpoint.html
    return sorted(values)[math.ceil(share * len(values) - 1e-9) - 1] if values else None


def _median(values: list[float]) -> float | None:
    if not values:
        return None
    import statistics

    return statistics.median(values)


_STATISTICS: dict[Statistic, Callable[[list[float]], float | None]] = {
    "sum": math.fsum,
    "most": lambda values: max(values, default=None),
    "median": _median,
    "p95": lambda values: quantile(values, 0.95),
}

REPLY_TIME, REPLY_TIME_P95 = "reply-time", "reply-time-p95"
PUT_OFF, OLDEST_REPLY = "replies-put-off", "replies-oldest"
WEBHOOK, WEBHOOK_4XX, WEBHOOK_5XX, WEBHOOK_TIME = "webhook", "webhook-4xx", "webhook-5xx", "webhook-time"


def failed(reason: str) -> str:
    """Return the name of the metric of replies that failed for a reason."""
    return f"failed-{reason}"


def dead_letters(service: str) -> str:
    """Return the name of the metric of a microservice's dead letters."""
    return f"dead-letters-{service}"


def all_metrics(services: Sequence[str], own_types: Sequence[str] = ()) -> list[Metric]:
    """Return the metrics that both platforms have, for these microservices and types of own events."""
    events = (
        Metric(name=kind, description="events of this type; not again when replayed")
        for kind in (*DETAILS, *own_types, *RAW_TYPES)
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
    """Yield the metrics of each Lambda function, which only AWS has."""
    for name in functions:
        yield Metric(name=f"function-errors-{name}", description=f"invocations of the function {name} that failed")
        yield Metric(
            name=f"function-throttles-{name}", description=f"invocations of {name} that AWS put off: too many at once"
        )
        yield Metric(
            name=f"function-time-{name}", description=f"the slowest invocation of {name}", statistic="most", unit="s"
        )
