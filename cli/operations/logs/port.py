"""Log records: the port, and what stands behind it on either platform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.cli.operations.logs.records import Line, LogFilter


class Logs(Protocol):
    """The log."""

    def lines(self, wanted: LogFilter) -> Iterator[Line]:
        """The oldest first."""

    def follow(self, wanted: LogFilter) -> Iterator[Line]:
        """What is logged from now on; never ends."""


def logs_of(target: Target) -> Logs:
    if target.is_local:
        from twbot.cli.operations.logs.local import LocalLogs

        return LocalLogs(target.folder())
    from twbot.cli.operations.logs.aws import AwsLogs

    return AwsLogs(target.aws())
