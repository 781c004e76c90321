"""Asks X for what it left out of a post, on POST_INCOMPLETE as EventBridge delivers it: {"id", "detail": {…}, …}."""

from __future__ import annotations

import functools
import os
from typing import Any

import msgspec

from twbot.lambdas.aws.clients import client
from twbot.lambdas.aws.invocation import Json, entry_point, tweet_of_event
from twbot.lambdas.aws.publisher import publisher
from twbot.lambdas.aws.secrets import ManagedSecrets
from twbot.lambdas.contracts import decode_event
from twbot.lambdas.ingress.lookup import complete_post
from twbot.lambdas.x.api import XApi
from twbot.lambdas.x.http import X_URL


@functools.cache
def x() -> XApi:
    secrets = ManagedSecrets(client("secretsmanager"), os.environ["SECRET_NAME"])
    return XApi(secrets, base_url=os.environ.get("X_URL", X_URL))


@entry_point(tweet_of_event)
def handler(event: Json, _: Any) -> None:
    """Complete the post. Raises BadEvent or Temporary: Lambda retries, and then the event becomes a dead letter."""
    complete_post(decode_event(msgspec.json.encode(event)), x=x(), publisher=publisher())
