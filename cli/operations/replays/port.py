"""Replays: the port, and what stands behind it on either platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.lambdas.replays import Replay, ReplayCount, ReplayRequest


class Replays(Protocol):
    """Replays from the archive. `poll_interval`: how often it is worth looking how far one is, in seconds."""

    @property
    def poll_interval(self) -> float: ...

    def fit(self, wanted: ReplayRequest) -> ReplayRequest:
        """As the platform can do it. Raises TwbotError where it can't."""

    def count(self, wanted: ReplayRequest) -> ReplayCount: ...

    def start(self, wanted: ReplayRequest, events: int) -> Replay:
        """`events`: how many were counted, to be kept with it."""

    def cancel(self, name: str) -> Replay | None:
        """What became of it; None where there is no such replay."""

    def named(self, name: str) -> Replay | None: ...

    def newest(self, limit: int) -> list[Replay]: ...


def replays_of(target: Target) -> Replays:
    if target.is_local:
        from twbot.cli.operations.replays.local import LocalReplays

        return LocalReplays(target.folder())
    from twbot.cli.operations.replays.aws import AwsReplays

    return AwsReplays(target.aws())
