"""Traces: the port, and the choice of its adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    import datetime

    from twbot.cli.operations.traces.conversations import Conversations
    from twbot.cli.operations.traces.records import Trace
    from twbot.lambdas.contracts import Event


class Traces(Protocol):
    """The ways of single posts through the bot. Raises TwbotError."""

    def of(
        self, tweet_id: str, *, since: datetime.datetime | None = None, until: datetime.datetime | None = None
    ) -> Trace | None:
        """Return the trace of a post from `since` on, before `until`; None where there is no event about it then."""

    def events(self, tweet_id: str) -> list[Event]:
        """Return the events about a post, the oldest first, with replayed ones."""

    def newest(self, limit: int, *, before: str | None = None, matching: str = "") -> Conversations:
        """Return the newest posts first, at most `limit`.

        `before`: where the page before ended. `matching`: what the post's text or its author's name holds.
        """


def traces_of(target: Target) -> Traces:
    """Return the traces of a bot. Raises CliError."""
    if target.is_local:
        from twbot.cli.operations.traces.local import LocalTraces

        return LocalTraces(target.folder())
    from twbot.cli.operations.traces.aws import AwsTraces

    return AwsTraces(target.aws())
