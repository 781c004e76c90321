"""Trains the sentiment model and writes data/sentiment.npz, attention.npz and english_words.txt. For developers:

    git show 1feda39:local/models/data/sentiment.npz >earlier.npz
    python -m twbot.local.models.training.sentiment vaderSentiment-3.3.2.tar.gz earlier.npz

The network of that commit, which knew neither posts nor attention, is averaged with the one that is trained here.

It needs VADER's source distribution with its 23,700 rated English sentences (MIT licence). Sentences of our own in
thirteen languages (data/sentiment_sentences.tsv) add what people exclaim, how they talk to bots, praise and blame
stated as facts, negation, idiom, comparison and sarcasm. data/sentiment_themes.tsv has harder ones, written by theme,
data/sentiment_posts.tsv everyday posts. The same input gives the same weights: the seeds are fixed. It takes eight
minutes of CPU and 10 GB.

Its constants were chosen on sentences of our own that were left out of the training, like ones together
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

from twbot.local.models.embedding import (
    ATTENTION,
    DATA,
    Attention,
    attended_layers,
    means_of,
    softmax_of_texts,
    states_of,
)
from twbot.local.models.intents import Space
from twbot.local.models.language import ENGLISH_WORDS
from twbot.local.models.sentiment import CLASSES, WEIGHTS, Network, network_in, plain, softmax
from twbot.local.models.training.intents import space_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from twbot.local.models.embedding import Floats
    from twbot.local.models.sentiment import Numbers

RATED = "additional_resources/hutto_ICWSM_2014.tar.gz"
# Ratings go from -4 to 4. The mean rating of a neutral sentence is rarely exactly 0.
PLAIN_BELOW = 0.6
# Weight of a sentence by its source: posts on X are what the bot reads.
KINDS = {"tweets": 1.0, "amazonReviewSnippets": 0.5, "nytEditorialSnippets": 0.3, "movieReviewSnippets": 0.15}
OUR_WEIGHT = 3.0
# Our sentences of at most so many characters are learned as people type them: the embedding of a word or two hangs on
# the capital and the mark at the end as much as on what they say.
SHORT = 12
MARKS = {"ja": "！。", "zh": "！。", "hi": "!।"}
# Networks with different random beginnings, whose logits are averaged, and how many of them learn the sentences by
# theme: those read hard texts better, the others plain ones (docs/decisions/0018).
NETWORKS, WITH_THEMES = 4, 3
# Of the five earlier networks, two that learned the themes and one that did not: all are too large for a package.
EARLIER = (0, 1, 3)
HIDDEN = 128
HEADS, SIZE = 8, 8  # of the attention of each network: what weighs the pieces, and numbers that each reads
EPOCHS, BATCH = 12, 128
LEARNING_RATE = 2e-3  # it falls to 0 in a straight line
DECAY = 0.1  # of the weights, apart from the gradient: https://arxiv.org/abs/1711.05101
DROPOUT, DROPOUT_OF_STATES = 0.5, 0.3
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
    """Return our sentences, the short ones as people type them. A line of the files: language, class, text."""
    sentences = [
        Sentence(class_, text, OUR_WEIGHT, language, name == "themes")
        for name in ("sentences", "themes", "posts")
        for language, class_, text in _lines(DATA / f"sentiment_{name}.tsv")
    ]
    return list(dict.fromkeys(typed for each in sentences for typed in ways_to_type(each)))


def _lines(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]


def ways_to_type(sentence: Sentence) -> list[Sentence]:
    """Return the sentence and, if it is short, bare, with a capital, and with either mark at its end."""
    if len(sentence.text) > SHORT:
        return [sentence]
    text = bare(sentence.text)
    capital = text[:1].upper() + text[1:]
    marked = [capital + mark for mark in MARKS.get(sentence.language, "!.")]
    return [sentence._replace(text=typed) for typed in (sentence.text, text, capital, *marked)]


def bare(text: str) -> str:
    """Return the text in lower case, without the marks around it."""
    marks = "".join(sign for sign in text if unicodedata.category(sign).startswith("P"))
    return text.lower().strip(f" {marks}")


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


class Texts(NamedTuple):
    """What the model knows of texts."""

    means: Floats
    """(texts, width)"""
    states: Floats
    """Of the pieces of all texts, one text behind the other: (pieces, width)."""
    sizes: npt.NDArray[np.int64]
    """Pieces of each text."""

    def some(self, which: npt.NDArray[np.int64]) -> Texts:
        """Return these texts only, in this order."""
        sizes = self.sizes[which]
        ends = np.cumsum(sizes)
        firsts = (np.cumsum(self.sizes) - self.sizes)[which]
        pieces = np.arange(ends[-1]) + np.repeat(firsts - (ends - sizes), sizes)
        return Texts(self.means[which], self.states[pieces], sizes)

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        return np.cumsum(self.sizes) - self.sizes


def read_texts(texts: Sequence[str]) -> Texts:
    """Return what the model knows of the texts. Of 40,000 sentences it takes 3 GB."""
    runs = [(means_of(layers, starts), attended_layers(layers), starts) for layers, starts in states_of(texts)]
    sizes = [np.diff(starts, append=len(states)) for _, states, starts in runs]
    means = np.concatenate([means.reshape(len(means), -1) for means, _, _ in runs])
    return Texts(means.astype(float), np.concatenate([states for _, states, _ in runs]), np.concatenate(sizes))


def fit(texts: Texts, classes: Numbers, weights: Numbers, space: Space) -> tuple[Network, Attention]:
    """Return a network and its attention; the standardisation and the space are folded into them.

    Of each of the networks that become one, `weights` has a row: what it does not learn weighs 0.
    """
    without = np.eye(texts.means.shape[1]) - space.languages.T @ space.languages
    placed = texts.means @ without
    spread = placed.std(axis=0) + 1e-6
    mean: Numbers = texts.means.mean(axis=0)
    centre, width = texts.states.mean(axis=0), texts.states.std(axis=0)
    standard = texts._replace(
        means=((placed - mean @ without) / spread).astype(np.float32), states=(texts.states - centre) / width
    )
    nets = [_train(standard, classes.astype(int), its, seed) for seed, its in enumerate(weights)]
    entries, entry_biases, readers, biases, exits, exit_biases = zip(*nets, strict=True)
    halves = [[exit_[:HIDDEN] for exit_ in exits], [exit_[HIDDEN:] for exit_ in exits]]
    network = Network(
        mean,
        without @ (np.hstack(entries) / spread[:, None]),
        np.concatenate(entry_biases),
        np.vstack([*halves[0], *halves[1]]) / len(nets),
        np.mean(exit_biases, axis=0),
    )
    questions = np.hstack([reader[:, :HEADS] for reader in readers]) / width[:, None]
    values = np.hstack([reader[:, HEADS:] for reader in readers]) / width[:, None]
    parts = (questions, values, np.concatenate(biases) - centre @ values)
    return network, Attention(*(part.astype(np.float32) for part in parts))


def _train(texts: Texts, classes: npt.NDArray[np.int64], weights: Numbers, seed: int) -> list[Numbers]:
    """Return weights and biases of the layers: Adam on the cross-entropy, with dropout."""
    rng = np.random.default_rng(seed)
    sizes = [
        (texts.means.shape[1], HIDDEN),
        (texts.states.shape[1], HEADS + HEADS * SIZE),  # questions, and values
        (HIDDEN + HEADS * SIZE, len(CLASSES)),
    ]
    first, readers, last = [(rng.normal(size=size) / np.sqrt(size[0])).astype(np.float32) for size in sizes]
    biases = [np.zeros(size, np.float32) for size in (HIDDEN, HEADS * SIZE, len(CLASSES))]
    layers = [first, biases[0], readers, biases[1], last, biases[2]]
    moments = [(np.zeros_like(each), np.zeros_like(each)) for each in layers]
    targets = np.eye(len(CLASSES), dtype=np.float32)[classes]
    # What weighs half as much is seen half as often: that takes less time than smaller steps.
    seen = [np.flatnonzero(rng.random(len(weights)) < weights / weights.max()) for _ in range(EPOCHS)]
    batches = [batch for rows in seen for batch in _batches(rng.permutation(rows))]
    for step, batch in enumerate(batches, start=1):
        slopes = _slopes(layers, texts.some(batch), targets[batch], rng)
        _step(layers, moments, slopes, step, LEARNING_RATE * (1 - step / len(batches)))
    return layers


def _batches(order: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    return [order[start : start + BATCH] for start in range(0, len(order), BATCH)]


def _slopes(layers: list[Numbers], texts: Texts, targets: Floats, rng: np.random.Generator) -> list[Numbers]:
    """Return the gradient of the mean loss of a batch, by backpropagation."""
    entry, entry_bias, readers, value_bias, last, last_bias = layers
    starts, owners = texts.starts, np.repeat(np.arange(len(texts.sizes)), texts.sizes)
    seen = texts.means * _kept(texts.means.shape, DROPOUT, rng)
    # The same numbers of the states drop out of all texts of a batch: a mask for each takes as long as the rest.
    open_readers = _kept((len(readers), 1), DROPOUT_OF_STATES, rng)
    read = texts.states @ (readers * open_readers)
    shares = softmax_of_texts(read[:, :HEADS], starts)
    values = (read[:, HEADS:] + value_bias).reshape(len(read), HEADS, SIZE)
    attended = np.add.reduceat(shares[..., None] * values, starts).reshape(len(starts), -1)
    both = np.hstack([seen @ entry + entry_bias, attended])
    open_ = (both > 0) * _kept(both.shape, DROPOUT, rng)
    hidden = both * open_
    error = (softmax(hidden @ last + last_bias) - targets) / len(starts)
    back = (error @ last.T) * open_
    of_attended = back[:, HIDDEN:].reshape(-1, HEADS, SIZE)[owners]
    of_shares = shares * (of_attended * values).sum(axis=-1)
    of_scores = of_shares - shares * np.add.reduceat(of_shares, starts)[owners]
    of_values = (shares[..., None] * of_attended).reshape(len(read), -1)
    return [
        seen.T @ back[:, :HIDDEN],
        back[:, :HIDDEN].sum(axis=0),
        (texts.states.T @ np.hstack([of_scores, of_values])) * open_readers,
        of_values.sum(axis=0),
        hidden.T @ error,
        error.sum(axis=0),
    ]


def _kept(shape: tuple[int, ...], dropout: float, rng: np.random.Generator) -> Numbers:
    """Return a mask of dropout: https://jmlr.org/papers/v15/srivastava14a.html."""
    mask: Numbers = (rng.random(shape, dtype=np.float32) > dropout) / np.float32(1 - dropout)
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


def logits_of(network: Network, attention: Attention, texts: Texts) -> Numbers:
    """Return the classes' logits: (texts, classes)."""
    return network.logits(texts.means.astype(float), attention.read(texts.states, texts.starts).astype(float))


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


def main(archive: Path, earlier: Path | None = None) -> None:
    sentences = rated_sentences(archive) + our_sentences()
    ENGLISH_WORDS.write_text("".join(f"{word}\n" for word in dict.fromkeys(english_words(sentences))))
    print(f"reading {len(sentences)} sentences …", file=sys.stderr)
    texts = read_texts([plain(sentence.text) for sentence in sentences])
    network, attention = learn(sentences, texts)
    _save(WEIGHTS, averaged(network, network_in(earlier)) if earlier else network)
    _save(ATTENTION, attention)


def averaged(network: Network, earlier: Network) -> Network:
    """Return the network whose logits are the mean of both; of the five that the earlier one joins, some are kept."""
    hidden = network.entry.shape[1]
    kept = np.concatenate([np.arange(each * HIDDEN, (each + 1) * HIDDEN) for each in EARLIER])
    entry, bias = earlier.entry[:, kept], earlier.entry_bias[kept]
    exit_ = earlier.exit[kept] * earlier.exit.shape[0] / len(kept)
    return Network(
        network.mean,
        np.hstack([network.entry, entry]),
        np.concatenate([network.entry_bias, bias + (network.mean - earlier.mean) @ entry]),
        np.vstack([network.exit[:hidden], exit_, network.exit[hidden:]]) / 2,
        (network.exit_bias + earlier.exit_bias) / 2,
    )


def learn(sentences: Sequence[Sentence], texts: Texts) -> tuple[Network, Attention]:
    """Return the network for the sentences and their texts."""
    classes = np.array([CLASSES.index(sentence.class_) for sentence in sentences], dtype=float)
    ours = np.array([sentence.weight == OUR_WEIGHT for sentence in sentences])
    languages = [sentence.language for sentence in sentences if sentence.weight == OUR_WEIGHT]
    space = language_space(texts.means[ours].astype(float), classes[ours], languages)
    return fit(texts, classes, weights_of_networks(sentences), space)


def _save(path: Path, arrays: Network | Attention) -> None:
    kinds = {name: np.float16 if rows.ndim == 2 else np.float32 for name, rows in arrays._asdict().items()}
    np.savez_compressed(path, **{name: rows.astype(kinds[name]) for name, rows in arrays._asdict().items()})


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
