"""Nobody who is sad or angry gets a joke or a cheerful word, whichever chatbot answered."""

from __future__ import annotations

import pytest

from twbot.lambdas.contracts import Analysis
from twbot.lambdas.folder.records import ChatbotFile, Fallback, Intent
from twbot.lambdas.responding.lex_limits import FALLBACK
from twbot.lambdas.responding.mood import is_spared

CHATBOT = ChatbotFile(
    intents=[
        Intent(name="Thanks", utterances=["Thanks"], replies=["Any time!"], cheerful=True),
        Intent(name="Complaint", utterances=["It broke"], replies=["Sorry! Write to us, please."]),
    ],
    fallback=Fallback(replies=["What?"], upset=["Oh dear."]),
)


def mood(sentiment: str | None, negative: float | None = 0.95) -> Analysis:
    score = None if negative is None else {"Positive": 0.0, "Negative": negative, "Neutral": 0.0, "Mixed": 0.0}
    return Analysis(text_sentiment=sentiment, sentiment_score=score)


@pytest.mark.parametrize("confidence", [0.4, 0.8, 0.94])
def test_a_negative_post_gets_nothing_cheerful(confidence: float) -> None:
    """The fallback answers it."""
    assert is_spared("Thanks", confidence, mood("NEGATIVE"), CHATBOT)


@pytest.mark.parametrize("sentiment", ["POSITIVE", "NEUTRAL", "MIXED", None])
def test_other_moods_change_nothing(sentiment: str | None) -> None:
    """Nor does a mood that nobody knows."""
    assert not is_spared("Thanks", 0.1, mood(sentiment), CHATBOT)
    assert not is_spared(FALLBACK, 0.0, mood(sentiment), CHATBOT)


def test_intents_that_are_not_cheerful_answer_in_every_mood() -> None:
    """A complaint is negative, and meant for the intent of complaints."""
    assert not is_spared("Complaint", 0.5, mood("NEGATIVE"), CHATBOT)


@pytest.mark.parametrize(
    ("confidence", "negative", "spared"), [(0.96, 0.9, False), (0.9, 0.9, False), (0.5, 0.6, True)]
)
def test_the_surer_one_is_believed(confidence: float, negative: float, spared: bool) -> None:
    """The chatbot or the sentiment: "cheer me up" is a wish, whatever its mood."""
    assert is_spared("Thanks", confidence, mood("NEGATIVE", negative), CHATBOT) is spared


def test_a_mood_without_scores_is_sure() -> None:
    """Events of another version may leave them out."""
    assert is_spared("Thanks", 0.99, mood("NEGATIVE", None), CHATBOT)


def test_the_fallback_has_words_for_the_upset() -> None:
    """It is sure of nothing."""
    assert is_spared(FALLBACK, 0.0, mood("NEGATIVE"), CHATBOT)


def test_an_intent_that_the_bot_has_not_stays() -> None:
    """It says nothing that could hurt."""
    assert not is_spared("Elsewhere", 0.0, mood("NEGATIVE"), CHATBOT)
