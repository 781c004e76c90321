"""Lex's fulfilment function: the function of an intent, for who talks to Lex itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import FunctionFailed
from twbot.lambdas.folder.folder import SHIPPED, read_folder
from twbot.lambdas.folder.records import Answers, ChatbotFile, Fallback, Intent
from twbot.lambdas.ports import Call
from twbot.lambdas.responding.fulfilment import fulfil

ORDER = Intent(name="Order", utterances=["Where is my order"], run="bot.orders:status", replies=["Soon."])
SILENT = Intent(name="Silent", utterances=["Silence"], run="bot.orders:silent")
FOLDER = msgspec.structs.replace(
    read_folder(SHIPPED),
    languages=["en", "de"],
    chatbots={
        "en": ChatbotFile(intents=[ORDER, SILENT], fallback=Fallback(replies=["What?"])),
        "de": ChatbotFile(
            intents=[msgspec.structs.replace(ORDER, replies=["Bald."])], fallback=Fallback(replies=["Wie?"])
        ),
    },
    answers=Answers(secrets=["TOKEN"], timeout=3),
)


class Functions:
    """Returns an answer, or raises it; keeps what was asked for."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.asked: list[tuple[Call, Event]] = []

    def call(self, call: Call, event: Event) -> Any:
        self.asked.append((call, event))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def asked(intent: str, locale: str = "en_US", **attributes: str) -> dict[str, Any]:
    state = {"intent": {"name": intent, "slots": {}, "state": "ReadyForFulfillment"}, "sessionAttributes": {"a": "b"}}
    return {
        "sessionState": state,
        "invocationSource": "FulfillmentCodeHook",
        "inputTranscript": "where is 4711?",
        "bot": {"name": "twbot", "localeId": locale},
        "requestAttributes": attributes or None,
    }


def said(answer: dict[str, Any]) -> list[str]:
    return [message["content"] for message in answer["messages"]]


def test_the_function_of_the_intent_speaks() -> None:
    """In Lex V2's shape, with the session's attributes kept. It is given what was said, which nobody posted."""
    functions = Functions("On its way.")
    answer = fulfil(asked("Order"), functions=functions, folder=FOLDER)
    assert answer["messages"] == [{"contentType": "PlainText", "content": "On its way."}]
    assert answer["sessionState"]["intent"]["state"] == "Fulfilled"
    assert answer["sessionState"]["dialogAction"] == {"type": "Close"}
    assert answer["sessionState"]["sessionAttributes"] == {"a": "b"}
    ((call, event),) = functions.asked
    assert call == Call("answers", "bot.orders:status", ("TOKEN",), 3)
    assert (event.detail_type, event.detail["Text"], event.detail["Summoned"]) == (
        "MESSAGE_ANALYSED",
        "where is 4711?",
        False,
    )
    assert event.detail["Analysis"]["Language"] == "en"


def test_who_runs_the_function_is_left_to_it() -> None:
    """The text function has the whole event: Lex closes without words of the fulfilment function."""
    functions = Functions("On its way.")
    answer = fulfil(asked("Order", CallerRuns="true", TweetId="12"), functions=functions, folder=FOLDER)
    assert (said(answer), functions.asked) == ([], [])
    assert answer["sessionState"]["intent"]["state"] == "Fulfilled"


@pytest.mark.parametrize("answer", [None, "", " \n", 7, ["words"], FunctionFailed("it broke")])
@pytest.mark.parametrize(
    ("intent", "locale", "words"),
    [("Order", "en_US", "Soon."), ("Order", "de_DE", "Bald."), ("Silent", "en_US", "What?")],
)
def test_a_function_without_words_is_answered_for(answer: Any, intent: str, locale: str, words: str) -> None:
    """By the intent's replies in the locale's language, else the fallback's."""
    assert said(fulfil(asked(intent, locale), functions=Functions(answer), folder=FOLDER)) == [words]


def test_an_intent_that_is_not_its_own_fails() -> None:
    """A bot that is wired wrongly is seen, not papered over."""
    answer = fulfil(asked("Elsewhere"), functions=Functions("x"), folder=FOLDER)
    assert answer["sessionState"]["intent"]["state"] == "Failed"
    assert said(answer) == []
