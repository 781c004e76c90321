"""Replays: the port, and what stands behind it on either platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Place

if TYPE_CHECKING:
    from twbot.lambdas.replays import Count, Replay, Wanted


class Replaying(Protocol):
    """Replays from the archive. `every`: how often it is worth looking how far one is, in seconds."""

    @property
    def every(self) -> float: ...

    def fit(self, wanted: Wanted) -> Wanted:
        """As the platform can do it. Raises TwbotError where it can't."""

    def count(self, wanted: Wanted) -> Count: ...

    def start(self, wanted: Wanted, events: int) -> Replay:
        """`events`: how many were counted, to be kept with it."""

    def cancel(self, name: str) -> Replay | None:
        """What became of it; None where there is no such replay."""

    def named(self, name: str) -> Replay | None: ...

    def newest(self, limit: int) -> list[Replay]: ...


def replaying(place: Place) -> Replaying:
    if place.is_local:
        from twbot.cli.operations.replays.local import LocalReplaying

        return LocalReplaying(place.folder())
    from twbot.cli.operations.replays.aws import AwsReplaying

    return AwsReplaying(place.aws())
