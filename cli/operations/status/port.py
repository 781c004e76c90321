"""The status: the port, and the choice of its adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.cli.operations.status.records import StatusSnapshot


class StatusProbe(Protocol):
    """Reads the status of a bot. Raises TwbotError."""

    @property
    def poll_interval(self) -> float:
        """How often to read it, in seconds."""

    def read(self) -> StatusSnapshot: ...


def status_of(target: Target) -> StatusProbe:
    """Return the status probe of a bot. Raises CliError."""
    if target.is_local:
        from twbot.cli.operations.status.local import LocalStatusProbe
        from twbot.local.data_folder import data_folder

        return LocalStatusProbe(data_folder(target.data))
    from twbot.cli.operations.status.aws import AwsStatusProbe

    return AwsStatusProbe(target.aws())
