"""The chatbot: what stands behind its port on either platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twbot.cli.operations.target import Place

if TYPE_CHECKING:
    from twbot.lambdas.ports import Chatbot


def chatbot(place: Place) -> Chatbot:
    if place.is_local:
        from twbot.local.models.lex import Lex

        return Lex()
    from twbot.cli.operations.chatbot.aws import StageChatbot

    return StageChatbot(place.aws())
