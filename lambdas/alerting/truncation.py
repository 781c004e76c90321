"""Prepares a stranger's text for people: removes what is invisible, escapes markup, and truncates."""

from __future__ import annotations

from collections.abc import Mapping

from twbot.lambdas.plain_text import plain

ELLIPSIS = "…"


def clean(text: str) -> str:
    """Return the text without invisible characters, with "\\n" as its only line end, and none at either end."""
    return plain(text).strip("\n")


def truncate(text: str, limit: int, escapes: Mapping[int, str] | None = None) -> str:
    """Clean the text, escape it with a table of `str.translate`, and truncate it to `limit` UTF-16 units."""
    shown = [each.translate(escapes or {}) for each in clean(text)]
    if sum(map(size, shown)) <= limit:
        return "".join(shown)
    # Character by character, so that an escape sequence is never cut in two.
    fitting, left = [], limit - len(ELLIPSIS)
    for each in shown:
        left -= size(each)
        if left < 0:
            break
        fitting.append(each)
    return "".join(fitting) + ELLIPSIS


def one_line(text: str) -> str:
    """Clean the text, and put one space in place of its line ends and other blanks."""
    return " ".join(clean(text).split())


def size(text: str) -> int:
    """Return the length in UTF-16 units, as the strictest of the chats counts."""
    return len(text.encode("utf-16-le")) // 2
