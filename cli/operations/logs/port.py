"""The log: the port, and the choice of its adapter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.cli.operations.logs.records import Line, LogFilter


class Logs(Protocol):
    """The lines of the log that a filter takes. Raises TwbotError."""

    def lines(self, log_filter: LogFilter) -> Iterator[Line]:
        """Yield the lines, the oldest first."""

    def follow(self, log_filter: LogFilter) -> Iterator[Line]:
        """Yield the lines that are logged from now on. Never ends."""


def logs_of(target: Target) -> Logs:
    """Return the log of a bot. Raises CliError."""
    if target.is_local:
        from twbot.cli.operations.logs.local import LocalLogs

        return LocalLogs(target.folder())
    from twbot.cli.operations.logs.aws import AwsLogs

    return AwsLogs(target.aws())
