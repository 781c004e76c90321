"""A post, read from either of X's JSON shapes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from twbot.lambdas.contracts import MessageReceived, Twitter
from twbot.lambdas.ingress.opt_out import opt_out_in
from twbot.lambdas.ingress.shapes import identity, number, words

# X allows four photos in a post.
MAX_IMAGES = 4
# Withdrawn ISO 639-1 codes that X still uses, and their successors.
_OLD_CODES = {"in": "id", "iw": "he", "ji": "yi"}


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """A post that addresses the bot or is about it."""

    tweet_id: str
    user_id: str
    author: str
    text: str
    summoned: bool
    """Whether the author mentions or quotes the bot."""
    language: str | None = None
    image_urls: list[str] = []
    look_up_images: bool = False
    """Whether it seems to have photos that the payload does not contain."""

    def message(self, image_urls: list[str]) -> MessageReceived:
        """Return the MESSAGE_RECEIVED of this post, with these photos."""
        return MessageReceived(
            text=self.text,
            author=self.author,
            summoned=self.summoned,
            twitter=Twitter(tweet_id=self.tweet_id, user_id=self.user_id),
            image_urls=image_urls[:MAX_IMAGES],
            language=self.language,
            opt_out=opt_out_in(self.text),
        )


def language_of(code: object) -> str | None:
    """Return the ISO 639-1 code of X's `lang`; None for und, zxx, qme… by which X means an unknown language."""
    code = words(code).lower().partition("-")[0]
    code = _OLD_CODES.get(code, code)
    return code if re.fullmatch("[a-z]{2}", code) else None


def plain_text(text: str, media_links: Iterable[str]) -> str:
    """Return the text as its author typed it. X escapes three characters and appends links for media."""
    for link in filter(None, media_links):
        text = text.replace(link, "")
    # The ampersand last: `&amp;lt;` is a typed `&lt;`, not a `<`.
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def typed_mention(mentions: Iterable[dict[str, Any]], bot_id: str, shown_from: int) -> bool:
    """Return whether the author typed the bot's name, at or after the offset `shown_from`."""
    # X prepends the names of the other participants to a reply and leaves them out of the displayed text.
    return any(identity(mention) == bot_id and _start(mention) >= shown_from for mention in mentions)


def first_shown(text_range: object) -> int:
    """Return the offset at which a display_text_range begins."""
    return number(text_range[0]) if isinstance(text_range, list) and text_range else 0


def _start(mention: dict[str, Any]) -> int:
    indices = mention.get("indices")
    return number(indices[0]) if isinstance(indices, list) and indices else number(mention.get("start"))
