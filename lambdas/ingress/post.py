"""What we need to know of a post, whichever generation of X's JSON it came in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from twbot.lambdas.contracts import MessageReceived, Twitter
from twbot.lambdas.ingress.shapes import identity, number, words

MAX_IMAGES = 4
_OLD_CODES = {"in": "id", "iw": "he", "ji": "yi"}


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """A post that is to the bot or about it. `look_up_images`: it seems to have photos, which only X can tell."""

    tweet_id: str
    user_id: str
    author: str
    text: str
    summoned: bool
    language: str | None = None
    image_urls: list[str] = []
    look_up_images: bool = False

    def message(self, image_urls: list[str]) -> MessageReceived:
        return MessageReceived(
            text=self.text,
            author=self.author,
            summoned=self.summoned,
            twitter=Twitter(tweet_id=self.tweet_id, user_id=self.user_id),
            image_urls=image_urls[:MAX_IMAGES],
            language=self.language,
        )


def language_of(code: object) -> str | None:
    """ISO 639-1 of X's `lang`: X has old codes, and und, zxx, qme… for what it could not tell."""
    code = words(code).lower().partition("-")[0]
    code = _OLD_CODES.get(code, code)
    return code if re.fullmatch("[a-z]{2}", code) else None


def plain_text(text: str, media_links: Iterable[str]) -> str:
    """The text as its author typed it: X escapes three characters and appends a link for the media."""
    for link in filter(None, media_links):
        text = text.replace(link, "")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def typed_mention(mentions: Iterable[dict[str, Any]], bot_id: str, shown_from: int) -> bool:
    """Whether the author typed the bot's name. X writes those of a reply's other parties before the shown text."""
    return any(identity(mention) == bot_id and _start(mention) >= shown_from for mention in mentions)


def first_shown(text_range: object) -> int:
    """Where a display_text_range begins."""
    return number(text_range[0]) if isinstance(text_range, list) and text_range else 0


def _start(mention: dict[str, Any]) -> int:
    indices = mention.get("indices")
    return number(indices[0]) if isinstance(indices, list) and indices else number(mention.get("start"))
