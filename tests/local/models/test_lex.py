"""The local chatbot against Lex V2's own model, its limits, and what people say."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import botocore.session
import msgspec
import pytest
from botocore.validate import ParamValidator

from twbot.lambdas.folder.folder import SHIPPED, read_folder
from twbot.lambdas.folder.records import ChatbotFile, Fallback, Intent
from twbot.local.models.errors import ServiceError
from twbot.local.models.lex import Lex

PARAPHRASES = [line.split("\t") for line in (Path(__file__).parent / "paraphrases.tsv").read_text().splitlines()]


FOLDER = read_folder(SHIPPED)
LEX = Lex(FOLDER, rng=random.Random(1))


def ask(text: str) -> dict[str, Any]:
    return LEX.recognize_text(text=text, session_id="x-1", language="en")


def understood(text: str) -> str:
    return str(ask(text)["sessionState"]["intent"]["name"])


def test_paraphrases_are_none_of_the_utterances() -> None:
    """What is measured here is not what the bot was taught."""
    taught = {words.lower() for intent in FOLDER.chatbot().intents for words in intent.utterances}
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
    assert all(message["content"] for message in answer["messages"])


@pytest.mark.parametrize(("text", "session"), [("", "x-1"), ("a" * 1025, "x-1"), ("hi", "x"), ("hi", "a b c")])
def test_what_lex_refuses_is_refused(text: str, session: str) -> None:
    """Too short, too long, or a session id of other characters."""
    with pytest.raises(ServiceError) as refused:
        LEX.recognize_text(text=text, session_id=session, language="en")
    assert refused.value.name == "LexRuntimeV2.ValidationException"


def test_an_intent_with_a_function_says_nothing_itself() -> None:
    """Whoever asks runs the function; the confidence stands beside the intent."""
    answer = ask("Tell me a joke!")
    assert answer["messages"] == []
    assert answer["sessionState"]["intent"] == {
        "name": "Joke",
        "slots": {},
        "state": "Fulfilled",
        "confirmationState": "None",
    }
    assert answer["interpretations"][0]["nluConfidence"]["score"] > 0.9


def test_each_language_has_its_own_chatbot() -> None:
    """What is an intent in one may be none in the other, and each says its own replies."""
    opening = Intent(name="Opening", utterances=["When are you open", "Opening hours"], replies=["From 9 to 6."])
    order = Intent(name="Order", utterances=["Wo ist meine Bestellung"], replies=["Unterwegs."])
    chatbots = {
        "en": ChatbotFile(intents=[opening], fallback=Fallback(replies=["What?"])),
        "de": ChatbotFile(intents=[order], fallback=Fallback(replies=["Wie bitte?"])),
    }
    lex = Lex(msgspec.structs.replace(FOLDER, languages=["de", "en"], chatbots=chatbots))

    def said(text: str, language: str) -> str:
        answer = lex.recognize_text(text=text, session_id="x-1", language=language)
        return str(answer["messages"][0]["content"])

    assert said("when do you open?", "en") == "From 9 to 6."
    assert said("wo bleibt meine Bestellung?", "de") == "Unterwegs."
    assert said("when do you open?", "de") == "Wie bitte?"


def test_a_chatbot_without_intents_falls_back() -> None:
    """Whatever is said."""
    alone = {"en": ChatbotFile(fallback=Fallback(replies=["What?"]))}
    lex = Lex(msgspec.structs.replace(FOLDER, chatbots=alone))
    answer = lex.recognize_text(text="tell me a joke", session_id="x-1", language="en")
    assert answer["messages"][0]["content"] == "What?"
