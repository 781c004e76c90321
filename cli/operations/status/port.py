"""The status: the port, and what stands behind it on either platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.cli.operations.status.records import StatusSnapshot


class StatusProbe(Protocol):
    """How the bot does. `poll_interval`: how often it is worth looking, in seconds."""

    @property
    def poll_interval(self) -> float: ...

    def read(self) -> StatusSnapshot: ...


def status_of(target: Target) -> StatusProbe:
    if target.is_local:
        from twbot.cli.operations.status.local import LocalStatusProbe
        from twbot.local.data_folder import data_folder

        return LocalStatusProbe(data_folder(target.data))
    from twbot.cli.operations.status.aws import AwsStatusProbe

    return AwsStatusProbe(target.aws())
