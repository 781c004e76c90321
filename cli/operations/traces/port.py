"""Traces: the port, and what stands behind it on either platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    import datetime

    from twbot.cli.operations.traces.records import Trace


class Traces(Protocol):
    """Single posts' ways through the bot."""

    def of(
        self, tweet_id: str, *, since: datetime.datetime | None = None, until: datetime.datetime | None = None
    ) -> Trace | None:
        """None where nothing was heard of the post in that time."""


def traces_of(target: Target) -> Traces:
    if target.is_local:
        from twbot.cli.operations.traces.local import LocalTraces

        return LocalTraces(target.folder())
    from twbot.cli.operations.traces.aws import AwsTraces

    return AwsTraces(target.aws())
