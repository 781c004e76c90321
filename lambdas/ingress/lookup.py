"""Asks X once for what it did not send with a post: the author's name, photos, the whole text, whom it mentions.

This happens on POST_INCOMPLETE rather than in the webhook's request: X waits only seconds for that.
docs/decisions/0014-what-x-signed-is-kept-and-knowledge-grows.md
"""

from __future__ import annotations

import logging
import time
from typing import Any

import msgspec

from twbot.lambdas.contracts import Event, MessageReceived, PostIncomplete, epoch, read
from twbot.lambdas.errors import NotConfigured, Permanent, Temporary
from twbot.lambdas.ingress.post import Post
from twbot.lambdas.ingress.shapes import identity, table
from twbot.lambdas.ingress.x_activity import read_post
from twbot.lambdas.ports import PostLookup, Publisher

# Seconds after the event from which a message is published with what is known: a reply that comes late is worse than
# one to a post without its photos. On AWS, Lambda's two retries come after one and three minutes:
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
MAX_WAIT = 150.0
# Seconds between two attempts, where the platform lets us choose.
RETRY_AFTER = 15.0
# By so much the time of an event may lie ahead of ours: beyond it a clock is wrong, and nobody should wait for it.
_CLOCK_TOLERANCE = 5.0
_log = logging.getLogger("twbot.ingress")


def complete_post(event: Event, *, x: PostLookup, publisher: Publisher) -> None:
    """Publish the MESSAGE_RECEIVED of a POST_INCOMPLETE. Raises BadEvent, and Temporary while X can be asked later."""
    incomplete = read(event.detail, PostIncomplete)
    known = _known(incomplete)
    found = _look_up(event, incomplete, x)
    # One key: the publisher makes one event of them, with what both know.
    entries = [each.message_entry() for each in (known, found) if each is not None]
    publisher.publish(entries)
    _log.info("message received", extra={"summoned": entries[-1].detail["Summoned"], "looked_up": found is not None})


def _known(incomplete: PostIncomplete) -> Post:
    fields = {field.name: getattr(incomplete, field.name) for field in msgspec.structs.fields(MessageReceived)}
    message = MessageReceived(**{**fields, "completes": []})
    return Post(message=message, missing=incomplete.missing)


def _look_up(event: Event, incomplete: PostIncomplete, x: PostLookup) -> Post | None:
    """Return the post as X has it; None where X refuses, or is away for too long."""
    try:
        return _as_post(x.look_up(incomplete.twitter.tweet_id), incomplete)
    except (Permanent, NotConfigured) as error:
        _log.warning("post could not be looked up", extra={"reason": str(error)})
    except Temporary as error:
        if (again := _next_attempt(epoch(event.time), error)) is not None:
            raise Temporary(str(error), retry_at=again) from None
        _log.warning("post could not be looked up in time", extra={"reason": str(error)})
    return None


def _as_post(answer: dict[str, Any], incomplete: PostIncomplete) -> Post | None:
    tweet, twitter = table(answer.get("data")), incomplete.twitter
    if (identity(tweet), identity(tweet, "author_id")) != (twitter.tweet_id, twitter.user_id):
        _log.warning("post could not be looked up", extra={"reason": "X answered with another post."})
        return None
    return read_post(tweet, table(answer.get("includes")), incomplete.bot_id)


def _next_attempt(published_at: float, error: Temporary) -> float | None:
    """Return when to ask again, as epoch seconds; None for no more."""
    now, until = time.time(), published_at + MAX_WAIT
    if not published_at - _CLOCK_TOLERANCE <= now < until or (error.retry_at or now) > until:
        return None
    return min(until, max(error.retry_at or now, now + RETRY_AFTER))
