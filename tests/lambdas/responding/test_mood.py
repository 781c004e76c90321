"""Nobody who is sad or angry gets a joke or a cheerful word, whichever chatbot answered."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from twbot.lambdas.contracts import Analysis
from twbot.lambdas.responding.chatbot import Definition, Intent, definition
from twbot.lambdas.responding.mood import temper

BOT = Definition(
    name="shop",
    locale="en_US",
    intents=[
        Intent(name="Thanks", replies=["Any time!"], cheerful=True),
        Intent(name="Complaint", replies=["Sorry! Write to us, please."]),
    ],
    fallback=Intent(name="FallbackIntent", replies=["What?"]),
    upset=["Oh dear."],
)


def lex(intent: str, confidence: float | None = 0.8) -> dict[str, Any]:
    """Return an answer as Lex gives it: its fallback intent has no confidence."""
    meant = {"name": intent, "slots": {}, "state": "Fulfilled", "confirmationState": "None"}
    first: dict[str, Any] = {"intent": meant, "interpretationSource": "Lex"}
    if confidence is not None:
        first["nluConfidence"] = {"score": confidence}
    return {
        "messages": [{"content": f"{intent} says", "contentType": "PlainText"}],
        "sessionState": {"dialogAction": {"type": "Close"}, "intent": meant},
        "interpretations": [first],
        "sessionId": "x-1",
    }


def mood(sentiment: str | None, negative: float | None = 0.95) -> Analysis:
    score = None if negative is None else {"Positive": 0.0, "Negative": negative, "Neutral": 0.0, "Mixed": 0.0}
    return Analysis(text_sentiment=sentiment, sentiment_score=score)


def said(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["sessionState"]["intent"]["name"], answer["messages"][0]["content"]


@pytest.mark.parametrize("confidence", [0.4, 0.8, 0.94])
def test_a_negative_post_gets_nothing_cheerful(confidence: float) -> None:
    """The fallback answers it, with the words for such posts, and says so in every field."""
    answer = temper(lex("Thanks", confidence), mood("NEGATIVE"), bot=BOT)
    assert said(answer) == ("FallbackIntent", "Oh dear.")
    assert [each["intent"]["name"] for each in answer["interpretations"]] == ["FallbackIntent", "Thanks"]
    assert "nluConfidence" not in answer["interpretations"][0]
    assert answer["sessionId"] == "x-1"


@pytest.mark.parametrize("sentiment", ["POSITIVE", "NEUTRAL", "MIXED", None])
def test_other_moods_change_nothing(sentiment: str | None) -> None:
    """Nor does a mood that nobody knows."""
    assert temper(lex("Thanks"), mood(sentiment), bot=BOT) == lex("Thanks")
    assert temper(lex("FallbackIntent", None), mood(sentiment), bot=BOT) == lex("FallbackIntent", None)


def test_intents_that_are_not_cheerful_answer_in_every_mood() -> None:
    """A complaint is negative, and meant for the intent of complaints."""
    assert temper(lex("Complaint"), mood("NEGATIVE"), bot=BOT) == lex("Complaint")


@pytest.mark.parametrize(
    ("confidence", "negative", "cheered"), [(0.96, 0.9, True), (0.9, 0.9, True), (0.5, 0.6, False)]
)
def test_the_surer_one_is_believed(confidence: float, negative: float, cheered: bool) -> None:
    """The chatbot or the sentiment: "cheer me up" is a wish, whatever its mood."""
    name, _ = said(temper(lex("Thanks", confidence), mood("NEGATIVE", negative), bot=BOT))
    assert name == ("Thanks" if cheered else "FallbackIntent")


def test_a_mood_without_scores_is_sure() -> None:
    """Events of another version may leave them out."""
    assert said(temper(lex("Thanks", 0.99), mood("NEGATIVE", None), bot=BOT))[0] == "FallbackIntent"


def test_a_fallback_has_words_for_the_upset_where_the_bot_has_any() -> None:
    """Else its usual ones."""
    assert said(temper(lex("FallbackIntent", None), mood("NEGATIVE"), bot=BOT)) == ("FallbackIntent", "Oh dear.")
    plain = msgspec.structs.replace(BOT, upset=[])
    assert said(temper(lex("Thanks"), mood("NEGATIVE"), bot=plain)) == ("FallbackIntent", "What?")


@pytest.mark.parametrize("answer", [{}, {"messages": []}, {"messages": [], "interpretations": []}])
def test_an_answer_without_an_intent_stays(answer: dict[str, Any]) -> None:
    """It says nothing that could hurt."""
    assert temper(answer, mood("NEGATIVE")) == answer


def test_our_bot_spares_whoever_is_upset() -> None:
    """Jokes, facts and small talk are cheerful; help is not. The words for the upset invite to no joke."""
    assert {intent.name for intent in definition().intents if not intent.cheerful} == {"Help"}
    for seed in range(10):
        answer = temper(lex("Joke"), mood("NEGATIVE"), rng=random.Random(seed))
        assert said(answer)[1] in definition().upset
        assert "sorry" in said(answer)[1]
