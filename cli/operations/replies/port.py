"""Permission to reply: the port, and what stands behind it on either platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Place

if TYPE_CHECKING:
    from twbot.lambdas.egress.permission import Switch


class Replies(Protocol):
    """The switch of replies, and who wants none. Raises TwbotError."""

    def switch(self) -> Switch: ...

    def save(self, switch: Switch) -> None: ...

    def everybody_out(self) -> list[str]:
        """The user ids of those who want no replies."""

    def opt_out(self, user_id: str) -> None: ...

    def opt_in(self, user_id: str) -> None: ...


def replies(place: Place) -> Replies:
    if place.is_local:
        from twbot.local.adapters.replies import LocalReplies
        from twbot.local.home import Home, data_folder

        return LocalReplies(Home(data_folder(place.data)).replies)
    from twbot.cli.operations.replies.aws import StageReplies

    return StageReplies(place.aws())
