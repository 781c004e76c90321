"""Turns a post into an utterance for the chatbot: its text without mentions and links, emoji alone in words."""

from __future__ import annotations

import html
import re
import unicodedata

# Lex accepts no longer text: https://docs.aws.amazon.com/lexv2/latest/APIReference/API_runtime_RecognizeText.html
MAX_LENGTH = 1024
_MENTION = re.compile(r"(?<![\w@＠])[@＠]\w{1,20}")
_ADDRESSED = re.compile(rf"https?://\S+|{_MENTION.pattern}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_HASH = re.compile(r"[#＃](?=\w)")


def to_utterance(text: str) -> str:
    """Return one line of at most 1,024 characters; "" for a post of mentions and links only.

    Of a longer post it is what follows the last mention, unless the post begins with one: people ask beside the name.
    """
    printable = _UNPRINTABLE.sub(" ", html.unescape(text)).strip()
    line = _one_line(printable)
    if len(line) > MAX_LENGTH and not _MENTION.match(printable):
        asked = _one_line(_MENTION.split(printable)[-1])
        line = asked or line[-MAX_LENGTH:]
    return _spelt(line)[:MAX_LENGTH].strip()


def _spelt(line: str) -> str:
    """Return the names of emoji that stand alone, once each: Lex learns from words only, and "👋" is "hello", too."""
    if any(map(str.isalnum, line)):
        return line
    names = (unicodedata.name(char, "") for char in line if unicodedata.category(char) == "So")
    return " ".join(dict.fromkeys(filter(None, names))).lower() or line


def _one_line(text: str) -> str:
    return " ".join(_HASH.sub("", _ADDRESSED.sub(" ", text)).split())
