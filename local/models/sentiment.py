"""Sentiment of texts in thirteen languages: a small network (training/sentiment.py) on the embedding's layers.

A text is MIXED when the whole could be either and one clause is negative, its neighbour positive.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, NamedTuple

from twbot.local.models.clauses import clauses, turns
from twbot.local.models.embedding import DATA, Reading, read, read_all
from twbot.local.models.embedding import NAME as EMBEDDING
from twbot.local.models.loading import loads_once

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

NAME = f"{EMBEDDING}, one hidden layer"
CLASSES = ("NEGATIVE", "NEUTRAL", "POSITIVE")
# A text may be MIXED where the whole could be either: NEUTRAL below this, NEGATIVE and POSITIVE both above that. The
# second of each pair is for texts without a word that turns them. docs/decisions/0018 says how they were chosen.
MAX_NEUTRAL = 0.02
MIN_BOTH = (0.005, 0.05)
# Probability that two neighbouring clauses reach, one of NEGATIVE and the other of POSITIVE. Of more clauses each has a
# chance to be misread, so it grows with them, as in https://en.wikipedia.org/wiki/Bonferroni_correction.
CLEAR = (0.7, 0.9)
WEIGHTS = DATA / "sentiment.npz"
# Addresses and handles are ASCII. A language without blanks may go on right behind them.
_ADDRESSED = re.compile(r"https?://[!-~]+|www\.[!-~]+|(?<![A-Za-z0-9_@])[@＠][A-Za-z0-9_]{1,20}")
_HASHTAG = re.compile(r"[#＃](\w+)")
_BLANKS = re.compile(r"\s+")


def plain(text: str) -> str:
    """Return a post's words, without mentions and links: those say nothing about the mood."""
    words = _HASHTAG.sub(r"\1", _ADDRESSED.sub(" ", html.unescape(text)))
    return _BLANKS.sub(" ", words).strip()


class Network(NamedTuple):
    """One hidden layer over the means of a text (embedding.read), one behind the other, and over what is attended."""

    mean: Numbers
    """Of the means of the sentences it learned from: (width,)."""
    entry: Numbers
    """Standardises, leaves out what tells the language, and weighs: (width, hidden)."""
    entry_bias: Numbers
    exit: Numbers
    """(hidden + attended, classes)"""
    exit_bias: Numbers

    def logits(self, means: Numbers, attended: Numbers) -> Numbers:
        """Return the classes' logits for texts as rows: (texts, classes)."""
        import numpy as np

        hidden = np.hstack([(means - self.mean) @ self.entry + self.entry_bias, attended])
        logits: Numbers = np.maximum(hidden, 0) @ self.exit + self.exit_bias
        return logits


@loads_once
def _network() -> Network:
    return network_in(WEIGHTS)


def network_in(path: Path) -> Network:
    """Return the network that a file holds."""
    import numpy as np

    with np.load(path) as stored:
        return Network(**{name: stored[name].astype(float) for name in Network._fields})


def class_scores(words: str) -> dict[str, float]:
    """Return the probability of each class for a plain text. An empty text is neutral."""
    if not words:
        return {"NEGATIVE": 0.0, "NEUTRAL": 1.0, "POSITIVE": 0.0}
    return dict(zip(CLASSES, _shares([read(words)])[0].tolist(), strict=True))


def _shares(readings: list[Reading]) -> Numbers:
    """Return the probabilities of the classes: (texts, classes)."""
    import numpy as np

    means = np.stack([reading.means.ravel() for reading in readings]).astype(float)
    return softmax(_network().logits(means, np.stack([reading.attended for reading in readings]).astype(float)))


def softmax(values: Numbers) -> Numbers:
    """Return the softmax along the last axis."""
    import numpy as np

    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    result: Numbers = powers / powers.sum(axis=-1, keepdims=True)
    return result


def sentiment(text: str, language: str = "en") -> tuple[str, dict[str, float]]:
    """Return the likeliest of POSITIVE, NEGATIVE, NEUTRAL and MIXED, and the probability of each."""
    words = plain(text)
    whole = class_scores(words)
    mixed = _mixed(words, language, whole)
    scores = {name: share * (1 - mixed) for name, share in whole.items()} | {"MIXED": mixed}
    return max(scores, key=lambda name: scores[name]), scores


def _mixed(words: str, language: str, whole: dict[str, float]) -> float:
    """Return MIXED's probability: above 0.5 where the whole could be either, and neighbouring clauses are opposite."""
    import numpy as np

    straight = not turns(words, language)
    both = min(whole["NEGATIVE"], whole["POSITIVE"])
    if whole["NEUTRAL"] >= MAX_NEUTRAL or both < MIN_BOTH[straight]:
        return 0.0
    parts = clauses(words, language)
    if len(parts) < 2:
        return 0.0
    shares = _shares(read_all(parts))
    negative, positive = shares[:, 0], shares[:, 2]
    opposite = np.maximum(np.minimum(negative[:-1], positive[1:]), np.minimum(positive[:-1], negative[1:]))
    clear = 1 - (1 - CLEAR[straight]) * 2 / len(parts)
    return max(0.0, min(0.95, 0.5 + (float(opposite.max()) - clear)))
