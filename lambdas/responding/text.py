"""Answers MESSAGE_ANALYSED without pictures with the chatbot's text."""

from __future__ import annotations

import functools

from twbot.lambdas.contracts import Event, MessageAnalysed, read
from twbot.lambdas.ports import Chatbot, Publisher
from twbot.lambdas.replying import publish_reply
from twbot.lambdas.responding.chatbot import definition
from twbot.lambdas.responding.mood import temper
from twbot.lambdas.responding.utterance import to_utterance
from twbot.lambdas.settings import Settings
from twbot.lambdas.x.text import address, neutralise

# Lex refuses an empty text, and a bare mention is a greeting.
GREETING = "hello"


def answer_text(event: Event, *, chatbot: Chatbot, publisher: Publisher, settings: Settings) -> None:
    """Answer a MESSAGE_ANALYSED {Text, Author, Twitter, Analysis} with a SEND_TWEET."""
    message = read(event.detail, MessageAnalysed)
    if not (message.summoned and settings.replies):
        return
    said = chatbot.recognize_text(
        text=to_utterance(message.text) or GREETING, session_id=f"x-{message.twitter.user_id}"
    )
    answer = temper(said, message.analysis)
    text = " ".join(part["content"] for part in answer.get("messages", []) if part.get("content"))
    if text:
        words = address(text, message) if text in _stock_replies() else text
        publish_reply(neutralise(words), message, event, publisher)


@functools.cache
def _stock_replies() -> frozenset[str]:
    bot = definition()
    return frozenset([reply for intent in (*bot.intents, bot.fallback) for reply in intent.replies] + bot.upset)
