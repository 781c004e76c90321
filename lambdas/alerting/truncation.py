"""Prepares a stranger's text for a chat: removes invisible characters, escapes markup, and truncates."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

ELLIPSIS = "…"
# Characters that change the direction of the text after them, and so can disguise it:
# https://www.unicode.org/reports/tr9/
_DIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def truncate(text: str, limit: int, escapes: Mapping[int, str]) -> str:
    """Escape the text with a table of `str.translate`, and truncate it to `limit` UTF-16 units."""
    shown = [each.translate(escapes) for each in text if _is_visible(each)]
    if sum(map(_size, shown)) <= limit:
        return "".join(shown)
    # Character by character, so that an escape sequence is never cut in two.
    fitting, left = [], limit - len(ELLIPSIS)
    for each in shown:
        left -= _size(each)
        if left < 0:
            break
        fitting.append(each)
    return "".join(fitting) + ELLIPSIS


def _is_visible(character: str) -> bool:
    # Neither a control character (Cc), nor half of a surrogate pair (Cs), nor directional.
    return character == "\n" or (unicodedata.category(character) not in ("Cc", "Cs") and character not in _DIRECTIONAL)


def _size(text: str) -> int:
    # In UTF-16 units, as the strictest of the chats counts.
    return len(text.encode("utf-16-le")) // 2
