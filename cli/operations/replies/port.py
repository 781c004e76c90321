"""Permission to reply: the port, and the choice of its adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.lambdas.egress.permission import Switch


class Replies(Protocol):
    """The kill switch of replies with its limits, and the opt-out list. Raises TwbotError."""

    def switch(self) -> Switch: ...

    def save(self, switch: Switch) -> None: ...

    def everybody_out(self) -> list[str]:
        """Return the ids of the users who opted out of replies."""

    def opt_out(self, user_id: str) -> None: ...

    def opt_in(self, user_id: str) -> None: ...


def replies_of(target: Target) -> Replies:
    if target.is_local:
        from twbot.local.adapters.replies import LocalReplies
        from twbot.local.data_folder import DataFolder, data_folder

        return LocalReplies(DataFolder(data_folder(target.data)).replies)
    from twbot.cli.operations.replies.aws import AwsReplies

    return AwsReplies(target.aws())
