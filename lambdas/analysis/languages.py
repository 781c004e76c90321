"""The languages that the detectors of texts read, on AWS and on `local`. A text in another one is skipped by them."""

from __future__ import annotations

# https://docs.aws.amazon.com/comprehend/latest/dg/supported-languages.html, and the codes that it uses.
COMPREHEND = ("en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW")
AWS: dict[str, tuple[str, ...]] = {"sentiment": COMPREHEND, "entities": COMPREHEND}
# The local sentiment was also trained on and measured with Dutch; spaCy's model for entities is an English one.
LOCAL: dict[str, tuple[str, ...]] = {"sentiment": (*COMPREHEND, "nl"), "entities": ("en",)}


def described(reads: dict[str, tuple[str, ...]]) -> str:
    """Return in words which detector reads which languages."""
    return "; ".join(f"{detector} in {', '.join(languages)}" for detector, languages in reads.items())
