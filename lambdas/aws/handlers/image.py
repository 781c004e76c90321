"""Answers MESSAGE_ANALYSED with pictures, as EventBridge delivers it: {"id", "detail-type", "detail": {…}, …}."""

from __future__ import annotations

import functools
import os
from typing import Any

import msgspec

from twbot.lambdas.aws.clients import client
from twbot.lambdas.aws.functions import functions
from twbot.lambdas.aws.invocation import Json, entry_point, tweet_of_event
from twbot.lambdas.aws.media import S3Media
from twbot.lambdas.aws.publisher import publisher
from twbot.lambdas.aws.settings import settings
from twbot.lambdas.contracts import decode_event
from twbot.lambdas.responding.image import answer_images


@functools.cache
def media() -> S3Media:
    return S3Media(client("s3"), os.environ["MEDIA_BUCKET"])


@entry_point(tweet_of_event)
def handler(event: Json, _: Any) -> None:
    """Answer the pictures. Raises BadEvent or Temporary: Lambda retries, and then the event becomes a dead letter."""
    received = decode_event(msgspec.json.encode(event))
    answer_images(received, functions=functions(), media=media(), publisher=publisher(), settings=settings())
