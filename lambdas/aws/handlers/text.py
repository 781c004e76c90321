"""Answers MESSAGE_ANALYSED without pictures, as EventBridge delivers it: {"id", "detail-type", "detail": {…}, …}."""

from __future__ import annotations

import functools
import os
from typing import Any

import msgspec

from twbot.lambdas.aws.clients import client
from twbot.lambdas.aws.functions import functions
from twbot.lambdas.aws.invocation import Json, entry_point, tweet_of_event
from twbot.lambdas.aws.lex import LexChatbot
from twbot.lambdas.aws.publisher import publisher
from twbot.lambdas.aws.settings import settings
from twbot.lambdas.contracts import decode_event
from twbot.lambdas.responding.text import answer_text


@functools.cache
def chatbot() -> LexChatbot:
    return LexChatbot(client("lexv2-runtime"), os.environ["BOT_ID"], os.environ["BOT_ALIAS_ID"])


@entry_point(tweet_of_event)
def handler(event: Json, _: Any) -> None:
    """Answer the text. Raises BadEvent or Temporary: Lambda retries, and then the event becomes a dead letter."""
    received = decode_event(msgspec.json.encode(event))
    answer_text(received, chatbot=chatbot(), functions=functions(), publisher=publisher(), settings=settings())
