"""The webhook: answers X's challenge, and turns what X sends into events.

A body is of one of two generations (account_activity, x_activity), told apart by its shape. Each event in
it becomes a raw event; each post to the bot or about it becomes a MESSAGE_RECEIVED besides.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterable
from typing import Any

import msgspec

from lambdas.contracts import TWITTER, Entry, entry
from lambdas.errors import Permanent, Temporary
from lambdas.ingress import account_activity, x_activity
from lambdas.ingress.post import Post
from lambdas.ingress.signature import Unsigned, crc_response, is_token, verify
from lambdas.logs import about
from lambdas.ports import Keys, Publisher, X

MAX_BODY = 1_000_000
MAX_DEPTH = 50
RETRY_AFTER = 3.0
_log = logging.getLogger("twbot.ingress")


class Answer(msgspec.Struct, frozen=True):
    """What X is told: the HTTP status, a JSON body, and in how many seconds to come back, where it should."""

    status: int
    body: dict[str, Any]
    retry_after: int | None = None


class _Refused(Permanent):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def challenge(crc_token: str | None, keys: Keys) -> Answer:
    """Answer X's challenge-response check (CRC)."""
    if not crc_token:
        return _refuse(400, "The query parameter crc_token is missing.")
    if not is_token(crc_token):
        return _refuse(400, "The query parameter crc_token is not a token of X.")
    return Answer(200, {"response_token": crc_response(crc_token, keys.api_secret)})


def too_large(length: int) -> Answer:
    """The answer to a body above MAX_BODY, of which no more than `length` bytes need have been read."""
    return _refuse(413, f"The body is larger than {MAX_BODY:,} bytes.", length)


def receive(body: bytes, signature: str | None, *, keys: Keys, x: X, publisher: Publisher) -> Answer:
    """Take in one webhook; when it answers 200, what was in it is on the bus."""
    if len(body) > MAX_BODY:
        return too_large(len(body))
    try:
        verify(body, signature, keys.api_secret)
        raw, posts = _understand(_parse(body), keys.user_id)
        return _publish(raw, posts, x, publisher)
    except (Unsigned, _Refused) as refusal:
        return _refuse(refusal.status, str(refusal), len(body))
    except Temporary as error:
        return _come_back(error)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        parsed = msgspec.json.decode(body)
    except RecursionError:
        raise _Refused(400, "The body is nested too deeply.") from None
    except (ValueError, OverflowError):
        raise _Refused(400, "The body is not JSON.") from None
    if not isinstance(parsed, dict):
        raise _Refused(422, "The body is not a JSON object.")
    if _is_too_deep(parsed):
        raise _Refused(400, "The body is nested too deeply.")
    return parsed


def _is_too_deep(parsed: object) -> bool:
    """What comes after us reads it recursively."""
    level: list[Any] = [parsed]
    for _ in range(MAX_DEPTH):
        children = (child for parent in level for child in (parent.values() if isinstance(parent, dict) else parent))
        level = [child for child in children if isinstance(child, dict | list)]
    return bool(level)


def _understand(body: dict[str, Any], bot_id: str) -> tuple[list[Entry], list[Post]]:
    if x_activity.is_ours(body):
        post = x_activity.post(body, bot_id)
        return [_raw(x_activity.kind(body), body)], [post] if post else []
    if account_activity.is_ours(body):
        raw = [_raw(kind, detail) for kind, detail in account_activity.raw_events(body)]
        return raw, list(account_activity.posts(body, bot_id))
    raise _Refused(422, "The body has the shape of no webhook of X that we know.")


def _raw(detail_type: str, detail: dict[str, Any]) -> Entry:
    """A raw event, once: X may deliver the same again."""
    content = msgspec.json.encode(detail, order="deterministic")
    return Entry(
        source=TWITTER,
        detail_type=detail_type,
        detail=detail,
        once=f"raw:{hashlib.sha256(content).hexdigest()}",
    )


def _publish(raw: list[Entry], posts: list[Post], x: X, publisher: Publisher) -> Answer:
    """Raw events first: they are kept even if X, asked for a post's photos, is down and the rest has to wait."""
    try:
        messages = [_message(post, x) for post in posts]
    except Temporary:
        publisher.publish(raw)
        raise
    publisher.publish([*raw, *messages])
    _log_posts(posts)
    return Answer(200, {"accepted": len(raw)})


def _message(post: Post, x: X) -> Entry:
    with about(post.tweet_id):
        urls = _photos(post.tweet_id, x) if post.look_up_images else post.image_urls
    return entry(post.message(urls), once=f"message:{post.tweet_id}")


def _photos(tweet_id: str, x: X) -> list[str]:
    try:
        return [media.url for media in x.media_of(tweet_id)]
    except Permanent as error:
        _log.warning("photos could not be looked up", extra={"reason": str(error)})
        return []


def _log_posts(posts: Iterable[Post]) -> None:
    for post in posts:
        with about(post.tweet_id):
            _log.info("message received", extra={"summoned": post.summoned})


def _refuse(status: int, why: str, length: int = 0) -> Answer:
    _log.warning("webhook refused", extra={"status": status, "reason": why, "bytes": length})
    return Answer(status, {"error": why})


def _come_back(error: Temporary) -> Answer:
    seconds = RETRY_AFTER if error.retry_at is None else error.retry_at - time.time()
    _log.warning("webhook put off", extra={"status": 503, "reason": str(error)})
    return Answer(503, {"error": "Try again later."}, retry_after=max(1, round(seconds)))
