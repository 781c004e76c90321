"""What the sentiment learns from, our sentences, the short ones as people type them; and how."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from twbot.local.models.embedding import Attention
from twbot.local.models.sentiment import Network, softmax
from twbot.local.models.training import sentiment as training
from twbot.local.models.training.sentiment import (
    NETWORKS,
    OUR_WEIGHT,
    WITH_THEMES,
    Sentence,
    Texts,
    bare,
    logits_of,
    our_sentences,
    ways_to_type,
    weights_of_networks,
)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Thanks!", ["thanks", "Thanks", "Thanks!", "Thanks."]),
        ("es", "¡Gracias!", ["¡Gracias!", "gracias", "Gracias", "Gracias!", "Gracias."]),
        ("fr", "J'adore !", ["J'adore !", "j'adore", "J'adore", "J'adore!", "J'adore."]),
        ("ja", "最高！", ["最高", "最高！", "最高。"]),
        ("hi", "बढ़िया!", ["बढ़िया", "बढ़िया!", "बढ़िया।"]),
        ("en", "love it 😍", ["love it 😍", "Love it 😍", "Love it 😍!", "Love it 😍."]),
        ("en", "Thanks for nothing.", ["Thanks for nothing."]),
    ],
)
def test_a_short_sentence_is_learned_as_people_type_it(language: str, text: str, expected: list[str]) -> None:
    """Marks within words, emoji and the vowel signs of Devanagari stay. A longer one is learned as it is."""
    found = ways_to_type(Sentence("POSITIVE", text, OUR_WEIGHT, language))
    assert {each.text for each in found} == set(expected)
    assert {(each.class_, each.language) for each in found} == {("POSITIVE", language)}


def test_no_text_of_ours_has_two_classes_or_no_words() -> None:
    """However it is typed."""
    classes = defaultdict(set)
    for sentence in our_sentences():
        classes[sentence.language, bare(sentence.text)].add(sentence.class_)
    assert not {text: found for text, found in classes.items() if len(found) > 1 or not text[1]}


def test_some_networks_learn_without_the_sentences_by_theme() -> None:
    """All learn everything else."""
    plain, themed = Sentence("POSITIVE", "a", 1), Sentence("NEGATIVE", "b", OUR_WEIGHT, by_theme=True)
    weights = weights_of_networks([plain, themed]).tolist()
    assert weights == [[1, OUR_WEIGHT]] * WITH_THEMES + [[1, 0]] * (NETWORKS - WITH_THEMES)
    assert {sentence.by_theme for sentence in our_sentences()} == {False, True}


def test_each_step_follows_the_slope_of_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the means, and through the attention's questions and values, each text by itself."""
    for name, value in {"HIDDEN": 7, "HEADS": 3, "SIZE": 4, "DROPOUT": 0.0, "DROPOUT_OF_STATES": 0.0}.items():
        monkeypatch.setattr(training, name, value)
    rng = np.random.default_rng(0)
    texts = Texts(rng.normal(size=(4, 6)), rng.normal(size=(13, 5)), np.array([3, 1, 5, 4]))
    targets = np.eye(3)[[0, 2, 1, 2]]
    layers = [rng.normal(size=shape) for shape in [(6, 7), (7,), (5, 15), (12,), (19, 3), (3,)]]

    def loss() -> float:
        entry, entry_bias, readers, value_bias, last, last_bias = layers
        network = Network(np.zeros(6), entry, entry_bias, last, last_bias)
        logits = logits_of(network, Attention(readers[:, :3], readers[:, 3:], value_bias), texts)
        return float(-np.log((softmax(logits) * targets).sum(axis=1)).mean())

    for layer, slopes in zip(layers, training._slopes(layers, texts, targets, rng), strict=True):
        for place in [tuple(rng.integers(layer.shape)) for _ in range(5)]:
            here = loss()
            layer[place] += 1e-6
            assert (loss() - here) / 1e-6 == pytest.approx(slopes[place], abs=1e-4)
            layer[place] -= 1e-6


def test_texts_are_picked_with_their_pieces() -> None:
    """In the order that is asked for, some of them twice."""
    texts = Texts(np.arange(3.0)[:, None], np.arange(6.0)[:, None], np.array([1, 3, 2]))
    some = texts.some(np.array([2, 1, 2]))
    assert some.means.ravel().tolist() == [2, 1, 2]
    assert some.states.ravel().tolist() == [4, 5, 1, 2, 3, 4, 5]
    assert some.starts.tolist() == [0, 2, 5]


def test_an_earlier_network_is_averaged_with_the_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The logits are the mean of both, whatever means they were standardised with."""
    monkeypatch.setattr(training, "HIDDEN", 2)
    monkeypatch.setattr(training, "EARLIER", (0, 1))
    rng = np.random.default_rng(0)
    new = Network(*(rng.normal(size=shape) for shape in [(3,), (3, 2), (2,), (4, 3), (3,)]))
    old = Network(*(rng.normal(size=shape) for shape in [(3,), (3, 4), (4,), (4, 3), (3,)]))
    means, attended = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    both = (new.logits(means, attended) + old.logits(means, np.empty((5, 0)))) / 2
    assert training.averaged(new, old).logits(means, attended) == pytest.approx(both)
