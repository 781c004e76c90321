"""Metrics: the port, and the choice of its adapter."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.cli.operations.metrics.records import Metric, MetricSeries, Window


class Metrics(Protocol):
    """What happened over time, as numbers. Raises TwbotError."""

    def all_metrics(self) -> list[Metric]:
        """Return the metrics that the platform has."""

    def min_period(self, start: float) -> int:
        """Return the shortest period, in seconds, for which there are datapoints since `start` (epoch seconds)."""

    def series_of(self, window: Window, wanted: Collection[str]) -> list[MetricSeries]:
        """Return the series of the metrics of these names."""


def metrics_of(target: Target) -> Metrics:
    """Return the metrics of a bot. Raises CliError."""
    if target.is_local:
        from twbot.cli.operations.metrics.local import LocalMetrics

        return LocalMetrics(target.folder())
    from twbot.cli.operations.metrics.aws import AwsMetrics

    return AwsMetrics(target.aws())
