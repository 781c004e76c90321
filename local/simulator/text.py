"""The text of a post: replaces typed links by t.co links, and finds mentions, hashtags and links."""

from __future__ import annotations

import html
import re
import secrets
import string
from collections.abc import Callable
from typing import Any, NamedTuple

from twbot.lambdas.x.grammar import urls
from twbot.lambdas.x.text import LIMIT, weight

MENTION = re.compile(r"(?<![\w@＠/])[@＠]([A-Za-z0-9_]{1,15})(?![\w@＠])")
HASHTAG = re.compile(r"(?<![\w&/])[#＃](\w*[^\W\d_]\w*)")
SHORT_LINK = re.compile(r"https://t\.co/\w{10}")
CERTAINLY_SHORT = 140  # characters; none weighs more than two
LETTERS = string.ascii_letters + string.digits


class Link(NamedTuple):
    """A t.co link in a post's text."""

    url: str
    """The t.co address."""
    expanded: str
    """The address that it leads to."""
    display: str
    """The address without a scheme, as shown to people."""
    media_key: str | None = None
    """Set where the link stands for the post's pictures."""


def too_long(text: str) -> bool:
    """Return whether the text's weighted length is above 280."""
    # Weighing is slow. A short text is too long only with links, which count 23 characters however short they are:
    # https://docs.x.com/fundamentals/counting-characters
    return (len(text) > CERTAINLY_SHORT or "." in text) and weight(text) > LIMIT


def short_link() -> str:
    return "https://t.co/" + "".join(secrets.choice(LETTERS) for _ in range(10))


def shorten_links(typed: str) -> tuple[str, list[Link]]:
    """Replace each web address by a t.co link, and escape the text, as X does."""
    links: list[Link] = []
    parts: list[str] = []
    end = 0
    for found in urls(typed) if "." in typed else []:
        start, stop = found["indices"]
        address = found["url"] if "://" in found["url"] else f"http://{found['url']}"
        links.append(Link(short_link(), address, found["url"].partition("://")[2] or found["url"]))
        parts += [html.escape(typed[end:start], quote=False), links[-1].url]
        end = stop
    parts.append(html.escape(typed[end:], quote=False))
    return "".join(parts), links


class Entities(NamedTuple):
    """The entities of a text. Each begins with its start and its exclusive end, in code points."""

    mentions: list[tuple[int, int, dict[str, Any]]]
    hashtags: list[tuple[int, int, str]]
    links: list[tuple[int, int, Link]]


def entities(text: str, links: list[Link], user_named: Callable[[str], dict[str, Any] | None]) -> Entities:
    """Find the entities of a text. `user_named`: returns a user's row by name, None where there is none."""
    by_url = {link.url: link for link in links}
    mentions = [(m.start(), m.end(), user) for m in MENTION.finditer(text) if (user := user_named(m[1]))]
    hashtags = [(m.start(), m.end(), m[1]) for m in HASHTAG.finditer(text)]
    found = [(m.start(), m.end(), by_url[m[0]]) for m in SHORT_LINK.finditer(text) if m[0] in by_url]
    return Entities(mentions, hashtags, found)
