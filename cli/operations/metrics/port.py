"""Metrics: the port, and what stands behind it on either platform."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.cli.operations.metrics.records import Metric, MetricSeries, Window


class Metrics(Protocol):
    """What happened over time, as numbers. `min_period`: the shortest parts, in seconds, that are kept since a time."""

    def all_metrics(self) -> list[Metric]: ...

    def min_period(self, start: float) -> int: ...

    def series_of(self, window: Window, wanted: Collection[str]) -> list[MetricSeries]: ...


def metrics_of(target: Target) -> Metrics:
    if target.is_local:
        from twbot.cli.operations.metrics.local import LocalMetrics

        return LocalMetrics(target.folder())
    from twbot.cli.operations.metrics.aws import AwsMetrics

    return AwsMetrics(target.aws())


"""What the watching commands look at: one port per concern, and what stands behind it on either platform."""
