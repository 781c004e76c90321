"""The local chatbot against Lex V2's own model, its limits, and what people say."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from twbot.lambdas.responding.chatbot import definition
from twbot.local.models.errors import ServiceError
from twbot.local.models.lex import Lex

PARAPHRASES = [line.split("\t") for line in (Path(__file__).parent / "paraphrases.tsv").read_text().splitlines()]


def fulfil_in_test(event: dict[str, Any]) -> dict[str, Any]:
    intent = {**event["sessionState"]["intent"], "state": "Fulfilled"}
    session = {"dialogAction": {"type": "Close"}, "intent": intent, "sessionAttributes": {}}
    return {"sessionState": session, "messages": [{"contentType": "PlainText", "content": f"a {intent['name']}"}]}


LEX = Lex(fulfilment=fulfil_in_test, rng=random.Random(1))


def ask(text: str) -> dict[str, Any]:
    return LEX.recognize_text(text=text, session_id="x-1")


def understood(text: str) -> str:
    return str(ask(text)["sessionState"]["intent"]["name"])


def test_paraphrases_are_none_of_the_utterances() -> None:
    """What is measured here is not what the bot was taught."""
    taught = {words.lower() for intent in definition().intents for words in intent.utterances}
    assert not [text for _, text in PARAPHRASES if text.lower().rstrip("?!.") in taught]


def test_paraphrases_are_understood_and_the_unrelated_falls_back() -> None:
    """At least nine in ten of either."""
    wrong = [(wanted, understood(text), text) for wanted, text in PARAPHRASES if understood(text) != wanted]
    unrelated = [text for wanted, text in PARAPHRASES if wanted == "FallbackIntent"]
    missed = [each for each in wrong if each[0] == "FallbackIntent"]
    assert len(missed) <= len(unrelated) / 10, missed
    assert len(wrong) - len(missed) <= (len(PARAPHRASES) - len(unrelated)) / 10, wrong


@pytest.mark.parametrize("text", ["tell me a joke", "hello", "the council approved the new bridge", "👍", "x" * 1024])
def test_answers_have_lex_v2s_shape(text: str) -> None:
    """botocore's model of RecognizeText's response knows every field and its type."""
    model = botocore.session.get_session().get_service_model("lexv2-runtime")
    shape = model.operation_model("RecognizeText").output_shape
    answer = ask(text)
    assert shape is not None
    assert not ParamValidator().validate(answer, shape).has_errors()
    assert set(answer) <= set(shape.members)
    assert answer["messages"][0]["content"]


@pytest.mark.parametrize(("text", "session"), [("", "x-1"), ("a" * 1025, "x-1"), ("hi", "x"), ("hi", "a b c")])
def test_what_lex_refuses_is_refused(text: str, session: str) -> None:
    """Too short, too long, or a session id of other characters."""
    with pytest.raises(ServiceError) as refused:
        LEX.recognize_text(text=text, session_id=session)
    assert refused.value.name == "LexRuntimeV2.ValidationException"


def test_fulfilled_intents_ask_the_fulfilment_function() -> None:
    """Its words are the answer; the confidence stands beside the intent."""
    answer = ask("Tell me a joke!")
    assert answer["messages"] == [{"contentType": "PlainText", "content": "a Joke"}]
    assert answer["interpretations"][0]["nluConfidence"]["score"] > 0.9
