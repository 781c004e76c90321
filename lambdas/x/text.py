"""Text as X counts and reads it: cut to 280 weighted characters, and kept from turning into links."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

LIMIT = 280
# Longer input only costs time: no cut can lie beyond.
MAX_LENGTH = 4000
ELLIPSIS = "…"
INVISIBLE = "\u200b"
JOINER = "\u200d"
NEVER = "\ufeff\ufffe\uffff"
MARKS = ("Mn", "Mc", "Me")
_LINKED = re.compile(r"([@＠#＃](?=\w)|[$](?=[A-Za-z]))")
# Parsing takes a millisecond: most texts can do without.
_MAYBE_ADDRESS = re.compile(r"\.\S|\r")


def weight(text: str) -> int:
    """What a text counts on X."""
    if text.isascii() and not _MAYBE_ADDRESS.search(text):
        return len(text)
    from twbot.lambdas.x.grammar import parse_tweet

    return int(parse_tweet(text).weightedLength)


def fit(text: str, limit: int = LIMIT) -> str:
    """The text if X takes it, else as many whole words of it as fit, and an ellipsis."""
    clean = unicodedata.normalize("NFC", "".join(c for c in text if _is_sendable(c)))[:MAX_LENGTH].strip()
    if weight(clean) <= limit:
        return clean
    end = _how_many_fit(clean, limit - weight(ELLIPSIS))
    space = max(clean.rfind(blank, end // 2, end + 1) for blank in " \n")
    return clean[: space if space > 0 else end].rstrip(" \n\t.,;:–—-") + ELLIPSIS


def neutralise(text: str) -> str:
    """The same words, with nothing in them that X would link: no mention, hashtag, cashtag or address."""
    unlinked = _LINKED.sub(rf"\1{INVISIBLE}", text)
    for _ in range(3):
        for url in reversed(_addresses(unlinked)):
            start, end = url["indices"]
            broken = unlinked[start:end].replace(".", f".{INVISIBLE}").replace("://", f":{INVISIBLE}//")
            unlinked = unlinked[:start] + broken + unlinked[end:]
    return unlinked


def _addresses(text: str) -> list[dict[str, Any]]:
    if not _MAYBE_ADDRESS.search(text):
        return []
    from twbot.lambdas.x.grammar import urls

    return list(urls(text))


def _is_sendable(character: str) -> bool:
    """X refuses some of these, the others say nothing; line ends stay."""
    return character in "\n\t" or not (unicodedata.category(character) in ("Cc", "Cs") or character in NEVER)


def _how_many_fit(text: str, limit: int) -> int:
    """How many code points from the left fit; an emoji, an address, a letter with its marks goes in whole."""
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
