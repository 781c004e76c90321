"""Answers MESSAGE_ANALYSED without pictures, as EventBridge delivers it: {"id", "detail-type", "detail": {…}, …}."""

from __future__ import annotations

from typing import Any

import msgspec

from twbot.lambdas.aws.bootstrap import chatbot, publisher, settings
from twbot.lambdas.aws.invocation import Json, entry_point, tweet_in
from twbot.lambdas.contracts import decode_event
from twbot.lambdas.responding.text import answer_text


@entry_point(tweet_in)
def handler(event: Json, _: Any) -> None:
    """Answer the text. Raises BadEvent or Temporary: Lambda retries, and then the event becomes a dead letter."""
    received = decode_event(msgspec.json.encode(event))
    answer_text(received, chatbot=chatbot(), publisher=publisher(), settings=settings())
