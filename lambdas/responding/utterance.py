"""What somebody said to the bot, without whom they addressed and what they linked: what a chatbot understands."""

from __future__ import annotations

import html
import re

# Lex takes no more: https://docs.aws.amazon.com/lexv2/latest/APIReference/API_runtime_RecognizeText.html
MAX_LENGTH = 1024
_ADDRESSED = re.compile(r"https?://\S+|(?<![\w@＠])[@＠]\w{1,20}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_HASH = re.compile(r"[#＃](?=\w)")


def to_utterance(text: str) -> str:
    """At most 1,024 characters on one line; empty where the post only mentions and links."""
    printable = _UNPRINTABLE.sub(" ", html.unescape(text))
    return " ".join(_HASH.sub("", _ADDRESSED.sub(" ", printable)).split())[:MAX_LENGTH].strip()
