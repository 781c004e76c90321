"""Fitting a stranger's text into a chat: nothing invisible, nothing that means something there, not too long."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

ELLIPSIS = "…"
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def truncate(text: str, limit: int, escapes: Mapping[int, str]) -> str:
    """The text, escaped by `str.translate`'s table; cut between characters where it would exceed the limit."""
    shown = [each.translate(escapes) for each in text if _is_visible(each)]
    if sum(map(_size, shown)) <= limit:
        return "".join(shown)
    kept, left = [], limit - len(ELLIPSIS)
    for each in shown:
        left -= _size(each)
        if left < 0:
            break
        kept.append(each)
    return "".join(kept) + ELLIPSIS


def _is_visible(character: str) -> bool:
    """Not a control character, half a character, or one that turns the direction of what follows."""
    return character == "\n" or (unicodedata.category(character) not in ("Cc", "Cs") and character not in _TURNS)


def _size(text: str) -> int:
    """As the strictest of them counts: in UTF-16."""
    return len(text.encode("utf-16-le")) // 2
