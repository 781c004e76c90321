"""Trains the sentiment model and writes data/sentiment.npz. For developers:

    python -m twbot.local.models.training.sentiment vaderSentiment-3.3.2.tar.gz

It needs VADER's source distribution with its 23,700 rated sentences (MIT licence). Sentences of our own add how people
talk to bots. The same input gives the same weights: full batches, no randomness.
"""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twbot.local.models.embedding import DATA
from twbot.local.models.sentiment import CLASSES, WEIGHTS, features, plain

if TYPE_CHECKING:
    from twbot.local.models.sentiment import Numbers

RATED = "additional_resources/hutto_ICWSM_2014.tar.gz"
# Ratings go from -4 to 4. The mean rating of a neutral sentence is rarely exactly 0.
PLAIN_BELOW = 0.6
# Weight of a sentence by its source: posts on X are what the bot reads.
KINDS = {"tweets": 1.0, "amazonReviewSnippets": 0.5, "nytEditorialSnippets": 0.3, "movieReviewSnippets": 0.15}
OUR_WEIGHT = 12.0
DECAY = 1e-3  # L2 regularisation
STEPS = 400


def rated_sentences(archive: Path) -> list[tuple[str, str, float]]:
    """Return class, text and weight of each rated sentence."""
    found = []
    with tarfile.open(archive) as outer, tarfile.open(fileobj=io.BytesIO(_member(outer, RATED))) as inner:
        for kind, weight in KINDS.items():
            for line in _member(inner, f"{kind}_GroundTruth.txt").decode(errors="replace").splitlines():
                _, rating, text = line.split("\t", 2)
                found.append((class_of(float(rating)), text, weight))
    return found


def our_sentences() -> list[tuple[str, str, float]]:
    """Return class, text and weight of each sentence of data/sentiment_sentences.tsv."""
    lines = (DATA / "sentiment_sentences.tsv").read_text(encoding="utf-8").splitlines()
    return [(line.partition("\t")[0], line.partition("\t")[2], OUR_WEIGHT) for line in lines]


def class_of(rating: float) -> str:
    """Return the class of a rating from -4 to 4."""
    return CLASSES[1 + (rating >= PLAIN_BELOW) - (rating <= -PLAIN_BELOW)]


def fit(inputs: Numbers, classes: Numbers, weights: Numbers) -> tuple[Numbers, Numbers]:
    """Fit a multinomial logistic regression by Nesterov's accelerated gradient descent.

    Return matrix and bias for inputs that are not standardised: the standardisation is folded into them.
    """
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    rows = np.hstack([(inputs - mean) / spread, np.ones((len(inputs), 1))])
    share = (weights / weights.sum())[:, None]
    targets = np.eye(len(CLASSES))[classes.astype(int)]
    matrix = momentum = np.zeros((rows.shape[1], len(CLASSES)))
    # The inverse of the gradient's Lipschitz constant: softmax's second derivative is at most a half.
    rate = 2 / _curvature(rows * np.sqrt(share))
    for step in range(STEPS):
        ahead = matrix + step / (step + 3) * momentum
        gradient = rows.T @ (share * (softmax(rows @ ahead) - targets)) + DECAY * ahead
        momentum, matrix = ahead - rate * gradient - matrix, ahead - rate * gradient
    scaled = matrix[:-1] / spread[:, None]
    return scaled, matrix[-1] - mean @ scaled


def softmax(values: Numbers) -> Numbers:
    """Return the softmax along the last axis."""
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    result: Numbers = powers / powers.sum(axis=-1, keepdims=True)
    return result


def _curvature(rows: Numbers) -> float:
    return float(np.linalg.eigvalsh(rows.T @ rows)[-1])


def _member(archive: tarfile.TarFile, ending: str) -> bytes:
    name = next(name for name in archive.getnames() if name.endswith(ending))
    content = archive.extractfile(name)
    assert content is not None
    return content.read()


def main(archive: Path) -> None:
    sentences = rated_sentences(archive) + our_sentences()
    print(f"reading {len(sentences)} sentences …", file=sys.stderr)
    inputs = np.array([features(plain(text)) for _, text, _ in sentences])
    classes = np.array([CLASSES.index(name) for name, _, _ in sentences], dtype=float)
    matrix, bias = fit(inputs, classes, np.array([weight for _, _, weight in sentences]))
    np.savez(WEIGHTS, matrix=matrix.astype(np.float32), bias=bias.astype(np.float32))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
