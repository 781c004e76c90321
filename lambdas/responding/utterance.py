"""Turns a post into an utterance for the chatbot: its text without mentions and links."""

from __future__ import annotations

import html
import re

# Lex accepts no longer text: https://docs.aws.amazon.com/lexv2/latest/APIReference/API_runtime_RecognizeText.html
MAX_LENGTH = 1024
_ADDRESSED = re.compile(r"https?://\S+|(?<![\w@＠])[@＠]\w{1,20}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_HASH = re.compile(r"[#＃](?=\w)")


def to_utterance(text: str) -> str:
    """Return one line of at most 1,024 characters; "" for a post of mentions and links only."""
    printable = _UNPRINTABLE.sub(" ", html.unescape(text))
    return " ".join(_HASH.sub("", _ADDRESSED.sub(" ", printable)).split())[:MAX_LENGTH].strip()
