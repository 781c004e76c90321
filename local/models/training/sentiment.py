"""Trains the sentiment model and writes data/sentiment.npz and data/english_words.txt. For developers:

    python -m twbot.local.models.training.sentiment vaderSentiment-3.3.2.tar.gz

It needs VADER's source distribution with its 23,700 rated English sentences (MIT licence). Sentences of our own in
thirteen languages (data/sentiment_sentences.tsv) add how people talk to bots, praise and blame stated as facts,
negation, idiom, comparison and sarcasm. The same input gives the same weights: full batches, no randomness.
"""

from __future__ import annotations

import io
import re
import sys
import tarfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from twbot.local.models.embedding import DATA, embed_all
from twbot.local.models.language import ENGLISH_WORDS
from twbot.local.models.sentiment import CLASSES, WEIGHTS, plain

if TYPE_CHECKING:
    from twbot.local.models.sentiment import Numbers

RATED = "additional_resources/hutto_ICWSM_2014.tar.gz"
# Ratings go from -4 to 4. The mean rating of a neutral sentence is rarely exactly 0.
PLAIN_BELOW = 0.6
# Weight of a sentence by its source: posts on X are what the bot reads.
KINDS = {"tweets": 1.0, "amazonReviewSnippets": 0.5, "nytEditorialSnippets": 0.3, "movieReviewSnippets": 0.15}
OUR_WEIGHT = 3.0
DECAY = 0.1  # L2 regularisation
STEPS = 6
FOLDS = 5
# A word of the list is in so many of the English sentences.
COMMON = 12


class Sentence(NamedTuple):
    class_: str
    text: str
    weight: float
    language: str = "en"


def rated_sentences(archive: Path) -> list[Sentence]:
    """Return the sentences that VADER's authors had rated."""
    found = []
    with tarfile.open(archive) as outer, tarfile.open(fileobj=io.BytesIO(_member(outer, RATED))) as inner:
        for kind, weight in KINDS.items():
            for line in _member(inner, f"{kind}_GroundTruth.txt").decode(errors="replace").splitlines():
                _, rating, text = line.split("\t", 2)
                found.append(Sentence(class_of(float(rating)), text, weight))
    return found


def our_sentences() -> list[Sentence]:
    """Return the sentences of data/sentiment_sentences.tsv: language, class and text a line."""
    lines = (DATA / "sentiment_sentences.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return [Sentence(class_, text, OUR_WEIGHT, language) for language, class_, text in rows]


def class_of(rating: float) -> str:
    """Return the class of a rating from -4 to 4."""
    return CLASSES[1 + (rating >= PLAIN_BELOW) - (rating <= -PLAIN_BELOW)]


def fit(inputs: Numbers, classes: Numbers, weights: Numbers) -> tuple[Numbers, Numbers]:
    """Fit a multinomial logistic regression by Newton's method.

    Return matrix and bias for inputs that are not standardised: the standardisation is folded into them.
    """
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    rows: Numbers = np.hstack([(inputs - mean) / spread, np.ones((len(inputs), 1))])
    share: Numbers = weights / weights.sum()
    targets = np.eye(len(CLASSES))[classes.astype(int)]
    matrix = np.zeros((rows.shape[1], len(CLASSES)))
    for _ in range(STEPS):
        chances = softmax(rows @ matrix)
        slope = rows.T @ (share[:, None] * (chances - targets)) + DECAY * matrix
        bend = _curvature(rows, share, chances)
        matrix -= np.linalg.solve(bend, slope.T.ravel()).reshape(len(CLASSES), -1).T
    scaled = matrix[:-1] / spread[:, None]
    return scaled, matrix[-1] - mean @ scaled


def _curvature(rows: Numbers, share: Numbers, chances: Numbers) -> Numbers:
    """Return the loss's second derivatives, class by class: (classes x columns, classes x columns)."""
    blocks = [
        [rows.T @ (rows * (share * chances[:, one] * ((one == other) - chances[:, other]))[:, None])
         for other in range(len(CLASSES))]
        for one in range(len(CLASSES))
    ]  # fmt: skip
    bend: Numbers = np.block(blocks).astype(float)
    return bend + DECAY * np.eye(len(bend))


def softmax(values: Numbers) -> Numbers:
    """Return the softmax along the last axis."""
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    result: Numbers = powers / powers.sum(axis=-1, keepdims=True)
    return result


def sharpness(inputs: Numbers, classes: Numbers, weights: Numbers) -> float:
    """Return by what to multiply the logits so that the scores are calibrated, on sentences left out of the fit.

    https://arxiv.org/abs/1706.04599 calls its inverse the temperature.
    """
    out = np.arange(len(inputs)) % FOLDS == 0
    matrix, bias = fit(inputs[~out], classes[~out], weights[~out])
    logits, right = inputs[out] @ matrix + bias, classes[out].astype(int)
    losses = {
        by: -np.average(np.log(softmax(by * logits)[np.arange(len(right)), right]), weights=weights[out])
        for by in np.arange(0.5, 4, 0.05)
    }
    return float(min(losses, key=lambda by: losses[by]))


def english_words(sentences: list[Sentence]) -> list[str]:
    """Return the words of many of the English posts, and all that our English sentences have."""
    found: Counter[str] = Counter()
    for sentence in sentences:
        # Critics and editors cite French and Spanish.
        if sentence.language == "en" and sentence.weight >= KINDS["amazonReviewSnippets"]:
            words = set(re.findall(r"[a-z']{2,20}|\b[ai]\b", plain(sentence.text).lower().replace("’", "'")))
            found.update(dict.fromkeys(words, COMMON if sentence.weight == OUR_WEIGHT else 1))
    return sorted(word.strip("'") for word, count in found.items() if count >= COMMON and word.strip("'"))


def _member(archive: tarfile.TarFile, ending: str) -> bytes:
    name = next(name for name in archive.getnames() if name.endswith(ending))
    content = archive.extractfile(name)
    assert content is not None
    return content.read()


def main(archive: Path) -> None:
    sentences = rated_sentences(archive) + our_sentences()
    ENGLISH_WORDS.write_text("".join(f"{word}\n" for word in dict.fromkeys(english_words(sentences))))
    print(f"reading {len(sentences)} sentences …", file=sys.stderr)
    inputs = embed_all([plain(sentence.text) for sentence in sentences]).astype(float)
    classes = np.array([CLASSES.index(sentence.class_) for sentence in sentences], dtype=float)
    weights = np.array([sentence.weight for sentence in sentences])
    matrix, bias = fit(inputs, classes, weights)
    by = sharpness(inputs, classes, weights)
    print(f"logits are multiplied by {by:.2f}", file=sys.stderr)
    np.savez(WEIGHTS, matrix=(matrix * by).astype(np.float32), bias=(bias * by).astype(np.float32))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
