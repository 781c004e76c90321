"""Trains the sentiment model and writes data/sentiment.npz and data/english_words.txt. For developers:

    python -m twbot.local.models.training.sentiment vaderSentiment-3.3.2.tar.gz

It needs VADER's source distribution with its 23,700 rated English sentences (MIT licence). Sentences of our own in
thirteen languages (data/sentiment_sentences.tsv) add what people exclaim, how they talk to bots, praise and blame
stated as facts, negation, idiom, comparison and sarcasm. data/sentiment_themes.tsv has harder ones, written by theme.
The same input gives the same weights: the seeds are fixed.

Its constants were chosen on sentences of our own, whole themes of which were left out of the training
(docs/decisions/0018).
"""

from __future__ import annotations

import io
import re
import sys
import tarfile
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from twbot.local.models.embedding import DATA, read_all
from twbot.local.models.intents import Space
from twbot.local.models.language import ENGLISH_WORDS
from twbot.local.models.sentiment import CLASSES, WEIGHTS, Network, plain, softmax
from twbot.local.models.training.intents import space_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from twbot.local.models.sentiment import Numbers

RATED = "additional_resources/hutto_ICWSM_2014.tar.gz"
# Ratings go from -4 to 4. The mean rating of a neutral sentence is rarely exactly 0.
PLAIN_BELOW = 0.6
# Weight of a sentence by its source: posts on X are what the bot reads.
KINDS = {"tweets": 1.0, "amazonReviewSnippets": 0.5, "nytEditorialSnippets": 0.3, "movieReviewSnippets": 0.15}
OUR_WEIGHT = 3.0
# Characters of our sentences that are learned a second time as people type them in haste.
SHORT = 20
# Networks with different random beginnings, whose logits are averaged, and how many of them learn the sentences by
# theme: those read hard texts better, the others plain ones (docs/decisions/0018).
NETWORKS, WITH_THEMES = 5, 3
HIDDEN = 128
EPOCHS, BATCH = 12, 256
LEARNING_RATE = 2e-3  # it falls to 0 in a straight line
DECAY = 0.1  # of the weights, apart from the gradient: https://arxiv.org/abs/1711.05101
DROPOUT = 0.5
FOLDS = 5
# A word of the list is in so many of the English sentences.
COMMON = 12


class Sentence(NamedTuple):
    class_: str
    text: str
    weight: float
    language: str = "en"
    by_theme: bool = False


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
    """Return our sentences, the short ones also bare. Each line of the files is a language, a class and a text."""
    sentences = [
        Sentence(class_, text, OUR_WEIGHT, language, name == "themes")
        for name in ("sentences", "themes")
        for language, class_, text in _lines(DATA / f"sentiment_{name}.tsv")
    ]
    return list(dict.fromkeys(sentences + [bare(each) for each in sentences if len(each.text) <= SHORT]))


def _lines(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]


def bare(sentence: Sentence) -> Sentence:
    """Return the sentence in lower case, without the marks around it: the embedding of few words hangs on both."""
    text = sentence.text.lower()
    marks = "".join(sign for sign in text if unicodedata.category(sign).startswith("P"))
    return sentence._replace(text=text.strip(f" {marks}"))


def class_of(rating: float) -> str:
    """Return the class of a rating from -4 to 4."""
    return CLASSES[1 + (rating >= PLAIN_BELOW) - (rating <= -PLAIN_BELOW)]


def weights_of_networks(sentences: Sequence[Sentence]) -> Numbers:
    """Return what each sentence weighs in each of the networks: (networks, sentences)."""
    weights = np.array([sentence.weight for sentence in sentences])
    by_theme = np.array([sentence.by_theme for sentence in sentences])
    return np.stack([np.where(by_theme & (net >= WITH_THEMES), 0, weights) for net in range(NETWORKS)])


def language_space(inputs: Numbers, classes: Numbers, languages: Sequence[str]) -> Space:
    """Return the space in which the languages' means are the same, each class counted alike."""
    of = np.array(languages)
    groups = [(language, class_) for language in dict.fromkeys(languages) for class_ in range(len(CLASSES))]
    means = [inputs[(of == language) & (classes == class_)].mean(axis=0) for language, class_ in groups]
    return space_of(np.stack(means), [language for language, _ in groups])


def fit(inputs: Numbers, classes: Numbers, weights: Numbers, space: Space) -> Network:
    """Return a network for inputs as rows; the standardisation and the space are folded into it.

    Of each of the networks that become one, `weights` has a row: what it does not learn weighs 0.
    """
    without = np.eye(inputs.shape[1]) - space.languages.T @ space.languages
    placed = inputs @ without
    spread = placed.std(axis=0) + 1e-6
    mean: Numbers = inputs.mean(axis=0)
    rows = ((placed - mean @ without) / spread).astype(np.float32)
    nets = [_train(rows, classes.astype(int), its / its.mean(), seed) for seed, its in enumerate(weights)]
    entries, entry_biases, exits, exit_biases = zip(*nets, strict=True)
    return Network(
        mean,
        without @ (np.hstack(entries) / spread[:, None]),
        np.concatenate(entry_biases),
        np.vstack(exits) / len(nets),
        np.mean(exit_biases, axis=0),
    )


def _train(rows: Numbers, classes: Numbers, weights: Numbers, seed: int) -> list[Numbers]:
    """Return weights and biases of the hidden layer and of the last: Adam on the cross-entropy, with dropout."""
    rng = np.random.default_rng(seed)
    layers = [
        rng.normal(size=(rows.shape[1], HIDDEN)) / np.sqrt(rows.shape[1]),
        np.zeros(HIDDEN),
        rng.normal(size=(HIDDEN, len(CLASSES))) / np.sqrt(HIDDEN),
        np.zeros(len(CLASSES)),
    ]
    layers = [each.astype(np.float32) for each in layers]
    moments = [(np.zeros_like(each), np.zeros_like(each)) for each in layers]
    targets = np.eye(len(CLASSES), dtype=np.float32)[classes]
    batches = [batch for _ in range(EPOCHS) for batch in _batches(rng.permutation(len(rows)))]
    for step, batch in enumerate(batches, start=1):
        slopes = _slopes(layers, rows[batch], targets[batch], weights[batch], rng)
        _step(layers, moments, slopes, step, LEARNING_RATE * (1 - step / len(batches)))
    return layers


def _batches(order: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    return [order[start : start + BATCH] for start in range(0, len(order), BATCH)]


def _slopes(
    layers: list[Numbers], rows: Numbers, targets: Numbers, weights: Numbers, rng: np.random.Generator
) -> list[Numbers]:
    """Return the gradient of the mean loss of a batch, by backpropagation."""
    entry, entry_bias, last, last_bias = layers
    seen = rows * _kept(rows.shape, rng)
    linear = seen @ entry + entry_bias
    open_ = (linear > 0) * _kept(linear.shape, rng)
    hidden = linear * open_
    error = (softmax(hidden @ last + last_bias) - targets) * (weights / len(rows)).astype(np.float32)[:, None]
    back = (error @ last.T) * open_
    return [seen.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]


def _kept(shape: tuple[int, ...], rng: np.random.Generator) -> Numbers:
    """Return a mask of dropout: https://jmlr.org/papers/v15/srivastava14a.html."""
    mask: Numbers = (rng.random(shape, dtype=np.float32) > DROPOUT) / np.float32(1 - DROPOUT)
    return mask


def _step(
    layers: list[Numbers], moments: list[tuple[Numbers, Numbers]], slopes: list[Numbers], step: int, rate: float
) -> None:
    """Change the layers in place, as https://arxiv.org/abs/1412.6980 does. Biases don't decay."""
    for layer, (mean, square), slope in zip(layers, moments, slopes, strict=True):
        mean[:] = 0.9 * mean + 0.1 * slope
        square[:] = 0.999 * square + 0.001 * slope**2
        change = mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        layer[:] -= rate * (change + (DECAY * layer if layer.ndim == 2 else 0))


def sharpness(inputs: Numbers, classes: Numbers, weights: Numbers, space: Space) -> float:
    """Return by what to multiply the logits so that the scores are calibrated, on sentences left out of the fit.

    https://arxiv.org/abs/1706.04599 calls its inverse the temperature.
    """
    out = np.arange(len(inputs)) % FOLDS == 0
    logits = fit(inputs[~out], classes[~out], weights[:, ~out], space).logits(inputs[out])
    right = classes[out].astype(int)
    losses = {
        by: -np.average(np.log(softmax(by * logits)[np.arange(len(right)), right]), weights=weights.mean(axis=0)[out])
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
    inputs = read_all([plain(sentence.text) for sentence in sentences]).reshape(len(sentences), -1).astype(float)
    classes = np.array([CLASSES.index(sentence.class_) for sentence in sentences], dtype=float)
    ours = np.array([sentence.weight == OUR_WEIGHT for sentence in sentences])
    languages = [sentence.language for sentence in sentences if sentence.weight == OUR_WEIGHT]
    space = language_space(inputs[ours], classes[ours], languages)
    weights = weights_of_networks(sentences)
    network = fit(inputs, classes, weights, space)
    by = sharpness(inputs, classes, weights, space)
    print(f"logits are multiplied by {by:.2f}", file=sys.stderr)
    network = network._replace(exit=network.exit * by, exit_bias=network.exit_bias * by)
    np.savez(
        WEIGHTS,
        **{name: rows.astype(np.float16 if rows.ndim == 2 else np.float32) for name, rows in network._asdict().items()},
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
