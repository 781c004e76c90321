"""What the sentiment learns from: our sentences, the short ones also as people type them in haste."""

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
    weights_of_networks,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thanks!", "thanks"),
        ("¡Muchas gracias!", "muchas gracias"),
        ("J'adore !", "j'adore"),
        ("ありがとう。", "ありがとう"),
        ("बहुत बढ़िया!", "बहुत बढ़िया"),
        ("Haha, love it! 😍", "haha, love it! 😍"),
    ],
)
def test_bare_is_lower_case_without_the_marks_around(text: str, expected: str) -> None:
    """Marks within words, emoji and the vowel signs of Devanagari stay."""
    assert bare(Sentence("POSITIVE", text, OUR_WEIGHT)).text == expected


def test_short_sentences_are_learned_bare_too_and_no_text_has_two_classes() -> None:
    """ "Thank you!" was POSITIVE, and "thank you" NEUTRAL, for want of any such sentence."""
    sentences = our_sentences()
    assert Sentence("POSITIVE", "Thank you!", OUR_WEIGHT) in sentences
    assert Sentence("POSITIVE", "thank you", OUR_WEIGHT) in sentences
    classes = defaultdict(set)
    for sentence in sentences:
        classes[sentence.language, bare(sentence).text].add(sentence.class_)
    assert not {text: found for text, found in classes.items() if len(found) > 1}


def test_some_networks_learn_without_the_sentences_by_theme() -> None:
    """All learn everything else."""
    plain, themed = Sentence("POSITIVE", "a", 1), Sentence("NEGATIVE", "b", OUR_WEIGHT, by_theme=True)
    weights = weights_of_networks([plain, themed]).tolist()
    assert weights == [[1, OUR_WEIGHT]] * WITH_THEMES + [[1, 0]] * (NETWORKS - WITH_THEMES)
    assert {sentence.by_theme for sentence in our_sentences()} == {False, True}
