"""Sentiment of texts in thirteen languages: a logistic regression (training/sentiment.py) on the embedding.

A text is MIXED when one of its clauses is clearly negative and another clearly positive.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from twbot.local.models.clauses import clauses, turns
from twbot.local.models.embedding import DATA, embed, embed_all
from twbot.local.models.embedding import NAME as EMBEDDING
from twbot.local.models.loading import loads_once

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

NAME = f"{EMBEDDING}, logistic regression"
CLASSES = ("NEGATIVE", "NEUTRAL", "POSITIVE")
# Probability that the most negative and the most positive of two clauses must both reach. Of more clauses each has a
# chance to be misread, so it grows with them, as in https://en.wikipedia.org/wiki/Bonferroni_correction.
CLEAR = 0.88
# A text that is as sure as this, and has no word that turns it, is not MIXED: its clauses need not be looked at.
SURE = 0.8
WEIGHTS = DATA / "sentiment.npz"
# Addresses and handles are ASCII. A language without blanks may go on right behind them.
_ADDRESSED = re.compile(r"https?://[!-~]+|www\.[!-~]+|(?<![A-Za-z0-9_@])[@＠][A-Za-z0-9_]{1,20}")
_HASHTAG = re.compile(r"[#＃](\w+)")
_BLANKS = re.compile(r"\s+")


def plain(text: str) -> str:
    """Return a post's words, without mentions and links: those say nothing about the mood."""
    words = _HASHTAG.sub(r"\1", _ADDRESSED.sub(" ", html.unescape(text)))
    return _BLANKS.sub(" ", words).strip()


@loads_once
def _weights() -> tuple[Numbers, Numbers]:
    import numpy as np

    with np.load(WEIGHTS) as stored:
        return stored["matrix"].astype(float), stored["bias"].astype(float)


def class_scores(words: str) -> dict[str, float]:
    """Return the probability of each class for a plain text. An empty text is neutral."""
    if not words:
        return {"NEGATIVE": 0.0, "NEUTRAL": 1.0, "POSITIVE": 0.0}
    return dict(zip(CLASSES, _shares(embed(words)).tolist(), strict=True))


def _shares(vectors: npt.NDArray[np.float32]) -> Numbers:
    """Return the probabilities of the classes for embeddings along the last axis."""
    import numpy as np

    matrix, bias = _weights()
    logits = vectors @ matrix + bias
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Numbers = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def sentiment(text: str, language: str = "en") -> tuple[str, dict[str, float]]:
    """Return the likeliest of POSITIVE, NEGATIVE, NEUTRAL and MIXED, and the probability of each."""
    words = plain(text)
    whole = class_scores(words)
    mixed = _mixed(words, language, max(whole.values()))
    scores = {name: share * (1 - mixed) for name, share in whole.items()} | {"MIXED": mixed}
    return max(scores, key=lambda name: scores[name]), scores


def _mixed(words: str, language: str, sure: float) -> float:
    """Return MIXED's probability: above 0.5 where one clause is clearly negative and another clearly positive."""
    parts = clauses(words, language)
    if len(parts) < 2 or (sure >= SURE and not turns(words, language)):
        return 0.0
    most = _shares(embed_all(parts)).max(axis=0)
    negative, positive = float(most[0]), float(most[2])
    clear = 1 - (1 - CLEAR) * 2 / len(parts)
    return max(0.0, min(0.95, 0.5 + (min(negative, positive) - clear)))
