"""Sentiment of English: VADER's scores and the embedding, weighed by a small regression (train_sentiment.py).

MIXED is found by clauses: one clearly bad, another clearly good.
"""

from __future__ import annotations

import functools
import html
import re
from typing import TYPE_CHECKING, Any

from twbot.local.models.embedding import DATA, embed

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

NAME = "VADER 3.3.2 + all-MiniLM-L6-v2 (int8), logistic regression"
CLASSES = ("NEGATIVE", "NEUTRAL", "POSITIVE")
MAX_CLAUSES = 8
# How bad the worst and how good the best clause must be.
CLEAR = 0.7
WEIGHTS = DATA / "sentiment.npz"
_ADDRESSED = re.compile(r"https?://\S+|www\.\S+|(?<![\w@])[@＠]\w{1,20}")
_HASHTAG = re.compile(r"[#＃](\w+)")
_CLAUSES = re.compile(
    r"[,;:.!?…]+\s|\s[-–—]\s|\b(?:but|however|although|though|yet|while|except|whereas)\b", re.IGNORECASE
)
_BLANKS = re.compile(r"\s+")


def plain(text: str) -> str:
    """The words of a post: who is addressed and what is linked says nothing of the mood."""
    words = _HASHTAG.sub(r"\1", _ADDRESSED.sub(" ", html.unescape(text)))
    return _BLANKS.sub(" ", words).strip()


def features(text: str) -> Numbers:
    """388 numbers of a plain text: the embedding (which can't read emoji, so they are spelt out), and VADER's four."""
    import numpy as np

    vader = _vader()
    spelt = "".join(f" {vader.emojis[char]} " if char in vader.emojis else char for char in text)
    scores = vader.polarity_scores(text)
    mood = [scores[name] for name in ("neg", "neu", "pos", "compound")]
    return np.concatenate([embed(_BLANKS.sub(" ", spelt).strip()), mood])


@functools.cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


@functools.cache
def _weights() -> tuple[Numbers, Numbers]:
    import numpy as np

    with np.load(WEIGHTS) as stored:
        return stored["matrix"].astype(float), stored["bias"].astype(float)


def class_scores(words: str) -> dict[str, float]:
    """How likely a plain text is of each class; together one. What holds no words is neutral."""
    import numpy as np

    if not words:
        return {"NEGATIVE": 0.0, "NEUTRAL": 1.0, "POSITIVE": 0.0}
    matrix, bias = _weights()
    logits = features(words) @ matrix + bias
    powers = np.exp(logits - logits.max())
    return dict(zip(CLASSES, (powers / powers.sum()).tolist(), strict=True))


def sentiment(text: str) -> tuple[str, dict[str, float]]:
    """POSITIVE, NEGATIVE, NEUTRAL or MIXED, and the share of each; together one."""
    words = plain(text)
    mixed = _mixed(words)
    scores = {name: share * (1 - mixed) for name, share in class_scores(words).items()} | {"MIXED": mixed}
    return max(scores, key=lambda name: scores[name]), scores


def _mixed(words: str) -> float:
    """Above a half where one clause is clearly bad and another clearly good."""
    clauses = [part.strip() for part in _CLAUSES.split(words) if len(part.split()) > 1][:MAX_CLAUSES]
    if len(clauses) < 2:
        return 0.0
    scored = [class_scores(clause) for clause in clauses]
    weaker = min(max(each["NEGATIVE"] for each in scored), max(each["POSITIVE"] for each in scored))
    return max(0.0, min(0.95, 0.5 + (weaker - CLEAR)))
