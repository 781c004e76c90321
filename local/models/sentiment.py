"""Sentiment of English texts: a logistic regression (training/sentiment.py) on VADER's scores and the embedding.

A text is MIXED when one of its clauses is clearly negative and another clearly positive.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from twbot.local.models.embedding import DATA, embed
from twbot.local.models.loading import loads_once

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

NAME = "VADER 3.3.2 + all-MiniLM-L6-v2 (int8), logistic regression"
CLASSES = ("NEGATIVE", "NEUTRAL", "POSITIVE")
MAX_CLAUSES = 8
# Probability that the most negative and the most positive clause must both reach.
CLEAR = 0.7
WEIGHTS = DATA / "sentiment.npz"
_ADDRESSED = re.compile(r"https?://\S+|www\.\S+|(?<![\w@])[@＠]\w{1,20}")
_HASHTAG = re.compile(r"[#＃](\w+)")
_CLAUSES = re.compile(
    r"[,;:.!?…]+\s|\s[-–—]\s|\b(?:but|however|although|though|yet|while|except|whereas)\b", re.IGNORECASE
)
_BLANKS = re.compile(r"\s+")


def plain(text: str) -> str:
    """Return a post's words, without mentions and links: those say nothing about the mood."""
    words = _HASHTAG.sub(r"\1", _ADDRESSED.sub(" ", html.unescape(text)))
    return _BLANKS.sub(" ", words).strip()


def features(text: str) -> Numbers:
    """Return 388 numbers for a plain text: the embedding's 384 and VADER's four scores.

    Emoji are spelt out for the embedding, whose vocabulary has none.
    """
    import numpy as np

    vader = _vader()
    spelt = "".join(f" {vader.emojis[char]} " if char in vader.emojis else char for char in text)
    scores = vader.polarity_scores(text)
    mood = [scores[name] for name in ("neg", "neu", "pos", "compound")]
    return np.concatenate([embed(_BLANKS.sub(" ", spelt).strip()), mood])


@loads_once
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


@loads_once
def _weights() -> tuple[Numbers, Numbers]:
    import numpy as np

    with np.load(WEIGHTS) as stored:
        return stored["matrix"].astype(float), stored["bias"].astype(float)


def class_scores(words: str) -> dict[str, float]:
    """Return the probability of each class for a plain text. An empty text is neutral."""
    import numpy as np

    if not words:
        return {"NEGATIVE": 0.0, "NEUTRAL": 1.0, "POSITIVE": 0.0}
    matrix, bias = _weights()
    logits = features(words) @ matrix + bias
    powers = np.exp(logits - logits.max())
    return dict(zip(CLASSES, (powers / powers.sum()).tolist(), strict=True))


def sentiment(text: str) -> tuple[str, dict[str, float]]:
    """Return the likeliest of POSITIVE, NEGATIVE, NEUTRAL and MIXED, and the probability of each."""
    words = plain(text)
    mixed = _mixed(words)
    scores = {name: share * (1 - mixed) for name, share in class_scores(words).items()} | {"MIXED": mixed}
    return max(scores, key=lambda name: scores[name]), scores


def _mixed(words: str) -> float:
    """Return MIXED's probability: above 0.5 where one clause is clearly negative and another clearly positive."""
    clauses = [part.strip() for part in _CLAUSES.split(words) if len(part.split()) > 1][:MAX_CLAUSES]
    if len(clauses) < 2:
        return 0.0
    scored = [class_scores(clause) for clause in clauses]
    weaker = min(max(each["NEGATIVE"] for each in scored), max(each["POSITIVE"] for each in scored))
    return max(0.0, min(0.95, 0.5 + (weaker - CLEAR)))
