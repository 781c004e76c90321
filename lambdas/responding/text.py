"""MESSAGE_ANALYSED without pictures: the chatbot answers."""

from __future__ import annotations

from lambdas.contracts import Event, MessageAnalysed, read
from lambdas.ports import Chatbot, Publisher
from lambdas.responding.replying import publish_reply
from lambdas.responding.utterance import to_utterance
from lambdas.settings import Settings
from lambdas.x_text import neutralise

# The chatbot takes no empty text, and a bare mention is a greeting.
GREETING = "hello"


def answer_text(event: Event, *, chatbot: Chatbot, publisher: Publisher, settings: Settings) -> None:
    """Take a MESSAGE_ANALYSED {Text, Author, Twitter, Analysis}; publish SEND_TWEET."""
    message = read(event.detail, MessageAnalysed)
    if not (message.summoned and settings.replies):
        return
    answer = chatbot.recognize_text(
        text=to_utterance(message.text) or GREETING, session_id=f"x-{message.twitter.user_id}"
    )
    said = " ".join(part["content"] for part in answer.get("messages", []) if part.get("content"))
    if said:
        publish_reply(neutralise(said), message, event, publisher)
