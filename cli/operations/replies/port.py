"""Permission to reply: the port, and the choice of its adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.lambdas.egress.permission import Switch


class Replies(Protocol):
    """The kill switch of replies with its limits, and the opt-out list. Raises TwbotError."""

    def switch(self) -> Switch:
        """Return the switch; the default where none was saved."""

    def save(self, switch: Switch) -> None:
        """Store the switch. Egress reads it before each reply (docs/decisions/0007)."""

    def opted_out_users(self) -> list[str]:
        """Return the ids of the users who opted out of replies."""

    def opt_out(self, user_id: str) -> None:
        """Put a user on the opt-out list, who then gets no replies."""

    def opt_in(self, user_id: str) -> None:
        """Take a user off the opt-out list."""


def replies_of(target: Target) -> Replies:
    """Return the permission to reply of a bot. Raises CliError."""
    if target.is_local:
        from twbot.local.adapters.replies import LocalReplies
        from twbot.local.data_folder import DataFolder, data_folder

        return LocalReplies(DataFolder(data_folder(target.data)).replies)
    from twbot.cli.operations.replies.aws import AwsReplies

    return AwsReplies(target.aws())
