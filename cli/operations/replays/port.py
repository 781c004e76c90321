"""Replays: the port, and the choice of its adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.lambdas.replays import Replay, ReplayCount, ReplayRequest


class Replays(Protocol):
    """Replays from the archive. Raises TwbotError."""

    @property
    def poll_interval(self) -> float:
        """How often to ask for the progress of a replay, in seconds."""

    def fit(self, request: ReplayRequest) -> ReplayRequest:
        """Return the request as the platform can do it. Raises TwbotError where it can't."""

    def count(self, request: ReplayRequest) -> ReplayCount:
        """Count the events that a replay would deliver, without starting it."""

    def start(self, request: ReplayRequest, events: int) -> Replay:
        """Start a replay. `events` is the count, which is stored with it."""

    def cancel(self, name: str) -> Replay | None:
        """Cancel a replay and return it; None where there is no such replay."""

    def named(self, name: str) -> Replay | None:
        """Return the replay of a name; None where there is none."""

    def newest(self, limit: int) -> list[Replay]:
        """Return the newest replays first, at most `limit`."""


def replays_of(target: Target) -> Replays:
    """Return the replays of a bot. Raises CliError."""
    if target.is_local:
        from twbot.cli.operations.replays.local import LocalReplays

        return LocalReplays(target.folder())
    from twbot.cli.operations.replays.aws import AwsReplays

    return AwsReplays(target.aws())
