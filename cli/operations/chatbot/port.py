"""The chatbot: the choice of the adapter of its port, lambdas.ports.Chatbot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.lambdas.ports import Chatbot


def chatbot_of(target: Target) -> Chatbot:
    """Return the chatbot of a bot. Raises CliError."""
    if target.is_local:
        from twbot.local.models.lex import Lex

        return Lex()
    from twbot.cli.operations.chatbot.aws import AwsChatbot

    return AwsChatbot(target.aws())
