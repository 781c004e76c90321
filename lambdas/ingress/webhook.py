"""The webhook: answers X's challenge and turns what X sends into events.

A body comes from one of two APIs (account_activity, x_activity) and is recognised by its shape. Each event in it
becomes a raw event; each post that addresses the bot or is about it also becomes a MESSAGE_RECEIVED.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from typing import Any

import msgspec

from twbot.lambdas.contracts import TWITTER, Entry, entry
from twbot.lambdas.errors import Permanent, Temporary
from twbot.lambdas.ingress import account_activity, x_activity
from twbot.lambdas.ingress.body import BadBody, parse
from twbot.lambdas.ingress.post import Post
from twbot.lambdas.ingress.responses import MAX_BODY, Answer, refuse, retry_later, too_large
from twbot.lambdas.ingress.signature import Unsigned, crc_response, is_token, verify
from twbot.lambdas.log_context import log_context
from twbot.lambdas.ports import Keys, Publisher, X

__all__ = ["Answer", "challenge", "receive"]

_log = logging.getLogger("twbot.ingress")


def challenge(crc_token: str | None, keys: Keys) -> Answer:
    """Answer X's challenge-response check (CRC)."""
    if not crc_token:
        return refuse(400, "The query parameter crc_token is missing.")
    if not is_token(crc_token):
        return refuse(400, "The query parameter crc_token is not a token of X.")
    return Answer(200, {"response_token": crc_response(crc_token, keys.api_secret)})


def receive(body: bytes, signature: str | None, *, keys: Keys, x: X, publisher: Publisher) -> Answer:
    """Receive one webhook. When the answer is 200, its events are on the bus."""
    if len(body) > MAX_BODY:
        return too_large(len(body))
    try:
        # Before the body is parsed: nothing that X did not sign reaches the parser.
        verify(body, signature, keys.api_secret)
        raw, posts = _understand(parse(body), keys.user_id if keys.user_id.isdigit() else "")
        return _publish(raw, posts, x, publisher)
    except (Unsigned, BadBody) as refusal:
        return refuse(refusal.status, str(refusal), len(body))
    except Temporary as error:
        return retry_later(error)


def _understand(body: dict[str, Any], bot_id: str) -> tuple[list[Entry], list[Post]]:
    if x_activity.is_ours(body):
        post = x_activity.post(body, bot_id)
        return [_raw(x_activity.kind(body), body)], [post] if post else []
    if account_activity.is_ours(body):
        raw = [_raw(kind, detail) for kind, detail in account_activity.raw_events(body)]
        return raw, list(account_activity.posts(body, bot_id))
    raise BadBody(422, "The body has the shape of no webhook of X that we know.")


def _raw(detail_type: str, detail: dict[str, Any]) -> Entry:
    """Return a raw event with a key of its content."""
    # X delivers the same event again after a slow answer, perhaps with its keys in another order:
    # docs/decisions/0003-an-entry-carries-its-once-key.md
    content = msgspec.json.encode(detail, order="deterministic")
    return Entry(
        source=TWITTER,
        detail_type=detail_type,
        detail=detail,
        dedup_key=f"raw:{hashlib.sha256(content).hexdigest()}",
    )


def _publish(raw: list[Entry], posts: list[Post], x: X, publisher: Publisher) -> Answer:
    """Publish the events and return the answer. Raises Temporary."""
    try:
        messages = [_message(post, x) for post in posts]
    except Temporary:
        # X could not be asked for a post's photos and will deliver again; the raw events need not wait for that.
        publisher.publish(raw)
        raise
    publisher.publish([*raw, *messages])
    _log_posts(posts)
    return Answer(200, {"accepted": len(raw)})


def _message(post: Post, x: X) -> Entry:
    with log_context(post.tweet_id):
        urls = _photos(post.tweet_id, x) if post.look_up_images else post.image_urls
    return entry(post.message(urls), dedup_key=f"message:{post.tweet_id}")


def _photos(tweet_id: str, x: X) -> list[str]:
    try:
        return [media.url for media in x.media_of(tweet_id)]
    except Permanent as error:
        # The text alone still deserves an answer.
        _log.warning("photos could not be looked up", extra={"reason": str(error)})
        return []


def _log_posts(posts: Iterable[Post]) -> None:
    for post in posts:
        with log_context(post.tweet_id):
            _log.info("message received", extra={"summoned": post.summoned})
