"""Where a text is cut, and where it turns, in the languages that the sentiment reads."""

from __future__ import annotations

import pytest

from twbot.lambdas.analysis.languages import LOCAL
from twbot.local.models.clauses import _TURNS, MAX_CLAUSES, clauses, turns


@pytest.mark.parametrize(
    ("language", "text", "parts"),
    [
        ("en", "I love the view, but hate the noise", ["I love the view", "hate the noise"]),
        ("en", "Well, so it is", ["so it is"]),
        ("de", "Das Essen war gut aber der Saal war kalt", ["Das Essen war gut", "der Saal war kalt"]),
        ("fr", "Le but était beau", ["Le but était beau"]),
        ("ja", "料理は美味しかったけど接客はひどかった。", ["料理は美味しかった", "接客はひどかった"]),
        ("zh", "菜很好吃，但是服务太差", ["菜很好吃", "服务太差"]),
        ("ko", "음식은 맛있었지만 서비스는 별로였다", ["음식은 맛있었", "서비스는 별로였다"]),
        ("ar", "الطعام رائع، لكن الخدمة سيئة", ["الطعام رائع", "الخدمة سيئة"]),
        ("hi", "खाना अच्छा था लेकिन सेवा ख़राब थी", ["खाना अच्छा था", "सेवा ख़राब थी"]),
    ],
)
def test_a_text_is_cut_at_its_marks_and_turns(language: str, text: str, parts: list[str]) -> None:
    """By the words of its own language; what is left of a word or so is no clause."""
    assert clauses(text, language) == parts
    assert turns(text, language) == (len(parts) > 1)


def test_every_language_that_is_read_has_its_turns() -> None:
    """A language that is added needs them."""
    assert set(_TURNS) == set(LOCAL["sentiment"])


def test_a_long_text_has_few_clauses() -> None:
    """Each one takes time."""
    assert len(clauses("this is fine. " * 100, "en")) == MAX_CLAUSES
