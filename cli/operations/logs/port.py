"""Log records: the port, and what stands behind it on either platform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Place

if TYPE_CHECKING:
    from twbot.cli.operations.logs.records import Line, WantedLines


class LogLines(Protocol):
    """The log."""

    def lines(self, wanted: WantedLines) -> Iterator[Line]:
        """The oldest first."""

    def follow(self, wanted: WantedLines) -> Iterator[Line]:
        """What is logged from now on; never ends."""


def log_lines(place: Place) -> LogLines:
    if place.is_local:
        from twbot.cli.operations.logs.local import LocalLog

        return LocalLog(place.folder())
    from twbot.cli.operations.logs.aws import AwsLog

    return AwsLog(place.aws())
