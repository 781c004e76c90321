"""Cuts a text to what Comprehend reads. The whole text stays in the event."""

from __future__ import annotations

import re
import unicodedata

# UTF-8 bytes of a text: https://docs.aws.amazon.com/comprehend/latest/dg/guidelines-and-limits.html
MAX_BYTES = 5000
# A cut at a sentence or a word gives up at most this share of the bytes.
_GIVEN_UP = 0.2
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*\s|[。！？।॥۔؟።]|\n")
_BLANK = re.compile(r"\s")
_JOINERS = {"\u200d", "\u200c", "\ufe0f"}


def excerpt(text: str, limit: int = MAX_BYTES) -> str:
    """Return the beginning of a text, of at most `limit` bytes in UTF-8.

    It ends with a sentence, else with a word, else with a character.
    """
    whole = text.encode("utf-8", errors="replace")
    if len(whole) <= limit:
        return text
    begin = whole[:limit].decode("utf-8", errors="ignore")
    least = int(len(begin) * (1 - _GIVEN_UP))
    for boundary in (_SENTENCE_END, _BLANK):
        if ends := [found.end() for found in boundary.finditer(begin, least)]:
            return begin[: ends[-1]].rstrip()
    return _without_half_character(begin, whole[len(begin.encode("utf-8")) :].decode("utf-8")[:1])


def _without_half_character(begin: str, following: str) -> str:
    """Leave out the last character if marks or a joiner after the cut belong to it, as in é or a family of emoji."""
    while begin and (_belongs_to_former(following) or begin[-1] in _JOINERS):
        begin, following = begin[:-1], begin[-1]
    return begin


def _belongs_to_former(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character or " ").startswith("M")
