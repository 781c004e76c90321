"""Text for X: its weighted length, truncation to 280 weighted characters, and protection from becoming links.

https://docs.x.com/fundamentals/counting-characters
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from twbot.lambdas.contracts import Message

LIMIT = 280
# Longer input only costs time: 280 weighted characters end before this.
MAX_LENGTH = 4000
ELLIPSIS = "…"
# A zero-width space: it breaks a mention or a link, and nobody sees it.
INVISIBLE = "\u200b"
# The zero-width joiner, which makes one emoji of several.
JOINER = "\u200d"
# X refuses texts with the byte order mark and with noncharacters.
NEVER = "\ufeff\ufffe\uffff"
# The Unicode categories of combining marks.
MARKS = ("Mn", "Mc", "Me")
# A sign before a name, a dot before letters as in a domain, and the end of a scheme.
_LINKED = re.compile(r"([@＠#＃](?=[^\s\d!-/:-@])|[@＠](?=\d)|[$](?=[^\s\d!-/:-@])|\.(?=[^\W\d_][^\s!-/:-@])|:(?=//))")
# A URL whose host ends where X and browsers agree that it does. What follows other characters is no part of it.
_ADDRESS = re.compile(
    r"(?<![\w@#$/.])https?://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?(?![^\s/?#,;!.)\]»”\"']|\.[^\s])(?:[/?#][A-Za-z0-9/._~%?=&#+:-]*)?"
)
_USERNAME = re.compile(r"[A-Za-z0-9_]{1,15}")
# Most texts: no character of theirs needs to be looked up.
_PLAIN = re.compile(r"[\t\n -~]*")
# Parsing takes a millisecond. Texts that do not match contain no URL and need none.
_MAYBE_ADDRESS = re.compile(r"\.\S|\r")


def weight(text: str) -> int:
    """Return the weighted length of a text on X."""
    if text.isascii() and not _MAYBE_ADDRESS.search(text):
        return len(text)
    from twbot.lambdas.x.grammar import parse_tweet

    return int(parse_tweet(text).weightedLength)


def fit(text: str, limit: int = LIMIT) -> str:
    """Return the text if it is within the limit, else as many of its words as fit, and an ellipsis."""
    sendable = text if _PLAIN.fullmatch(text) else "".join(c for c in text if _is_sendable(c))
    # NFC, as X counts it.
    clean = unicodedata.normalize("NFC", sendable)[:MAX_LENGTH].strip()
    if weight(clean) <= limit:
        return clean
    end = _how_many_fit(clean, limit - weight(ELLIPSIS))
    # At a space in the second half; a language without spaces is cut between characters.
    space = max(clean.rfind(blank, end // 2, end + 1) for blank in " \n")
    return clean[: space if space > 0 else end].rstrip(" \n\t.,;:–—-") + ELLIPSIS


def neutralise(text: str, links: Collection[str] = ()) -> str:
    """Return the text with invisible characters that keep X from linking its mentions, hashtags, cashtags and URLs.

    links: hosts, in lower case, whose URLs stay links
    """
    kept = [found.span() for found in _ADDRESS.finditer(text) if found["host"].lower() in links] if links else []
    parts, start = [], 0
    for first, last in kept:
        parts += [_unlinked(text[start:first]), text[first:last]]
        start = last
    return "".join([*parts, _unlinked(text[start:])])


def _unlinked(text: str) -> str:
    # In front of whatever could be a domain, known to X or not: what X links changes, and a search for links is slow.
    return _LINKED.sub(rf"\1{INVISIBLE}", text)


def address(text: str, message: Message) -> str:
    """Return a stock sentence with the name of whom it answers in front.

    X refuses a text that the account posted in the last hours, to whomever: the second person would get no reply.
    A text beside a picture of its own needs no name.
    """
    named = message.author != message.twitter.user_id and _USERNAME.fullmatch(message.author)
    return f"{message.author}: {text}" if named else text


def _is_sendable(character: str) -> bool:
    # X refuses some of these characters, and the others are invisible. Line ends and tabs stay.
    return character in "\n\t" or not (unicodedata.category(character) in ("Cc", "Cs") or character in NEVER)


def _how_many_fit(text: str, limit: int) -> int:
    """Return how many code points from the left fit. Emojis, URLs and letters with their marks are not divided."""
    from twbot.lambdas.x.grammar import ADDRESS, EMOJI, cost, emojis, urls

    wholes = {found["indices"][0]: (found["indices"][1], EMOJI) for found in emojis(text)}
    wholes |= {found["indices"][0]: (found["indices"][1], ADDRESS) for found in urls(text)}
    end = 0
    while end < len(text):
        stop, price = wholes.get(end) or (end + 1, cost(text[end]))
        if price > limit:
            break
        end, limit = stop, limit - price
    while 0 < end < len(text) and (unicodedata.category(text[end]) in MARKS or JOINER in text[end - 1 : end + 1]):
        end -= 1
    return end
