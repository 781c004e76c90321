"""Answers MESSAGE_ANALYSED without pictures: with what a function of the bot's folder says, else its chatbot."""

from __future__ import annotations

import logging

from twbot.lambdas.contracts import Event, MessageAnalysed, read
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.ports import Chatbot, Functions, Publisher
from twbot.lambdas.replying import publish_reply
from twbot.lambdas.responding.answering import answer_of
from twbot.lambdas.settings import Settings
from twbot.lambdas.x.text import address, neutralise

_log = logging.getLogger(__name__)


def answer_text(
    event: Event, *, chatbot: Chatbot, functions: Functions, publisher: Publisher, settings: Settings
) -> None:
    """Answer a MESSAGE_ANALYSED {Text, Author, Twitter, Analysis} with a SEND_TWEET."""
    message = read(event.detail, MessageAnalysed)
    if not (message.summoned and settings.replies):
        return
    folder = bot_folder()
    answer = answer_of(event, message, chatbot=chatbot, functions=functions, folder=folder)
    _log.info("answered by %s", answer.by, extra={"by": answer.by, "intent": answer.intent})
    words = address(answer.words, message) if answer.is_stock else answer.words
    publish_reply(neutralise(words, folder.links), message, event, publisher)
