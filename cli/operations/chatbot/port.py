"""The chatbot that `twbot chat` talks to: its port, and the choice of its adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.cli.operations.chatbot.records import Said


class Chat(Protocol):
    """Whoever answers."""

    def say(self, text: str, language: str | None) -> Said:
        """Return the answer. `language`: of the text, ISO 639-1; None: to be found out. Raises TwbotError."""

    def close(self) -> None: ...


def chat_of(target: Target) -> Chat:
    """Return the chat with a bot. Raises CliError."""
    if target.is_local:
        from twbot.cli.operations.chatbot.local import LocalChat

        return LocalChat(target.data)
    from twbot.cli.operations.chatbot.aws import AwsChat

    return AwsChat(target.aws())
