"""The webhook: answers X's challenge and turns what X sends into events.

A body comes from one of two APIs (account_activity, x_activity) and is recognised by its shape. Each event in it
becomes a raw event; each post that addresses the bot or is about it also becomes a MESSAGE_RECEIVED, or, where X left
something out, a POST_INCOMPLETE (completion.py).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from twbot.lambdas.contracts import Entry
from twbot.lambdas.errors import Temporary
from twbot.lambdas.ingress import account_activity, x_activity
from twbot.lambdas.ingress.body import NotUnderstood, parse
from twbot.lambdas.ingress.raw import kept_entries, raw_entries
from twbot.lambdas.ingress.responses import MAX_BODY, Answer, refuse, retry_later, too_large
from twbot.lambdas.ingress.shapes import identity
from twbot.lambdas.ingress.signature import Unsigned, crc_response, is_token, verify
from twbot.lambdas.log_context import log_context
from twbot.lambdas.ports import Keys, Publisher

__all__ = ["Answer", "challenge", "receive", "receive_all"]

_log = logging.getLogger("twbot.ingress")


def challenge(crc_token: str | None, keys: Keys) -> Answer:
    """Answer X's challenge-response check (CRC)."""
    if not crc_token:
        return refuse(400, "The query parameter crc_token is missing.")
    if not is_token(crc_token):
        return refuse(400, "The query parameter crc_token is not a token of X.")
    return Answer(200, {"response_token": crc_response(crc_token, keys.api_secret)})


class Webhook(NamedTuple):
    """What X sent in one webhook, as events."""

    raw: list[Entry]
    """Untouched, one entry for each of its events."""
    posts: list[Entry]
    """What the posts among them become."""

    @property
    def entries(self) -> list[Entry]:
        return [*self.raw, *self.posts]

    def accepted(self) -> Answer:
        """Return the answer when all of it is on the bus."""
        _log_posts(self.posts)
        return Answer(200, {"accepted": len(self.raw)})


def receive(body: bytes, signature: str | None, *, keys: Keys, publisher: Publisher) -> Answer:
    """Receive one webhook. When the answer is 200, its events are on the bus. X itself is not asked for anything."""
    return receive_all([(body, signature)], keys=keys, publisher=publisher)[0]


def receive_all(calls: Sequence[tuple[bytes, str | None]], *, keys: Keys, publisher: Publisher) -> list[Answer]:
    """Receive several webhooks, each a body with its signature, and publish them at once. Return the answers."""
    found = [_understood(body, signature, keys) for body, signature in calls]
    webhooks = [each for each in found if isinstance(each, Webhook)]
    try:
        if webhooks:
            publisher.publish([entry for webhook in webhooks for entry in webhook.entries])
    except Temporary as error:
        return [retry_later(error) if isinstance(each, Webhook) else each for each in found]
    return [each.accepted() if isinstance(each, Webhook) else each for each in found]


def _understood(body: bytes, signature: str | None, keys: Keys) -> Webhook | Answer:
    """Return the webhook, or the answer with which it is refused."""
    if len(body) > MAX_BODY:
        return too_large(len(body))
    try:
        # Before the body is parsed: nothing that X did not sign reaches the parser.
        verify(body, signature, keys.api_secret)
    except Unsigned as refusal:
        return refuse(refusal.status, str(refusal), len(body))
    return Webhook(*_read(body, keys.user_id if keys.user_id.isdigit() else ""))


def _read(body: bytes, bot_id: str) -> tuple[list[Entry], list[Entry]]:
    """Return the raw events, and what the posts among them become. Whatever X signed is kept."""
    try:
        return _understand(parse(body), bot_id)
    except NotUnderstood as problem:
        _log.warning("webhook not understood", extra={"reason": str(problem), "bytes": len(body)})
        return list(kept_entries(body, str(problem))), []
    except Exception as error:
        # A fault of ours must not cost what X sent, which it would deliver in vain a few times more.
        _log.exception("webhook not understood", extra={"bytes": len(body)})
        return list(kept_entries(body, f"This twbot cannot read it: {type(error).__name__}.")), []


def _understand(body: dict[str, Any], bot_id: str) -> tuple[list[Entry], list[Entry]]:
    if x_activity.is_ours(body):
        bot = bot_id or x_activity.watched_id(body)
        post = x_activity.post(body, bot)
        return list(raw_entries(x_activity.kind(body), body)), [post.entry(bot)] if post else []
    if account_activity.is_ours(body):
        bot = bot_id or identity(body, "for_user_id")
        raw = [entry for kind, detail in account_activity.raw_events(body) for entry in raw_entries(kind, detail)]
        return raw, [post.entry(bot) for post in account_activity.posts(body, bot)]
    raise NotUnderstood("The body has the shape of no webhook of X that we know.")


def _log_posts(posts: Iterable[Entry]) -> None:
    for post in posts:
        with log_context(post.detail["Twitter"]["TweetId"]):
            what = (
                "message received" if post.detail_type == "MESSAGE_RECEIVED" else "post received, X is asked for more"
            )
            _log.info(what, extra={"summoned": post.detail["Summoned"]})
