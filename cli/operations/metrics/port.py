"""Metrics: the port, and what stands behind it on either platform."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Place

if TYPE_CHECKING:
    from twbot.cli.operations.metrics.records import Measure, Measured, Window


class Measuring(Protocol):
    """What happened over time, as numbers. `finest`: the shortest parts, in seconds, that are kept since a time."""

    def measures(self) -> list[Measure]: ...

    def finest(self, start: float) -> int: ...

    def measured(self, window: Window, wanted: Collection[str]) -> list[Measured]: ...


def measuring(place: Place) -> Measuring:
    if place.is_local:
        from twbot.cli.operations.metrics.local import LocalMeasures

        return LocalMeasures(place.folder())
    from twbot.cli.operations.metrics.aws import AwsMeasures

    return AwsMeasures(place.aws())


"""What the watching commands look at: one port per concern, and what stands behind it on either platform."""
