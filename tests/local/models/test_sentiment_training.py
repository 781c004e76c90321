"""What the sentiment learns from: our sentences, the short ones as people type them."""

from __future__ import annotations

from collections import defaultdict

import pytest

from twbot.local.models.training.sentiment import (
    NETWORKS,
    OUR_WEIGHT,
    WITH_THEMES,
    Sentence,
    bare,
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
