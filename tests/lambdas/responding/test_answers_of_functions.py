"""A chain inside one function: first come, first said; who has nothing to say or fails lets the next one speak."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.bot_folders import make_bot
from tests.support.messages_analysed import (
    OBAMA,
    DictMedia,
    RecordingBus,
    ScriptedChatbot,
    analysed,
    image,
)
from twbot.lambdas.contracts import Analysis, Event
from twbot.lambdas.errors import FunctionFailed, Permanent, Temporary
from twbot.lambdas.ports import Call
from twbot.lambdas.responding.image import answer_images
from twbot.lambdas.responding.text import answer_text
from twbot.lambdas.settings import Settings

TOML = """\
[bot]
languages = ["en", "de"]

[answers]
texts = ["bot.a:first", "bot.a:second"]
images = ["bot.a:picture"]
secrets = ["TOKEN"]
timeout = 3
"""
CHATBOT = """\
[[intents]]
name = "Order"
utterances = ["Where is my order"]
run = "bot.a:order"
replies = ["It is at https://coffee.example/orders"]

[[intents]]
name = "Odd"
utterances = ["Odd"]
run = "bot.a:odd"

[[intents]]
name = "Hours"
utterances = ["When are you open"]
replies = ["From 9 to 6."]
cheerful = true

[fallback]
replies = ["Somebody will look at this."]
upset = ["So sorry."]
"""
GERMAN = """\
[[intents]]
name = "Hours"
utterances = ["Wann habt ihr offen"]
replies = ["Von 9 bis 18 Uhr."]

[fallback]
replies = ["Wir melden uns."]
"""


class Functions:
    """Each function's answer, or what it raises; the names of those that were asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, list[str]()

    def call(self, call: Call, event: Event) -> Any:
        assert (call.owner, call.secrets, call.timeout) == ("answers", ("TOKEN",), 3)
        name = call.run.removeprefix("bot.a:")
        self.asked.append(name)
        answer = self.answers.get(name)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def _coffee(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"twbot_toml": TOML, "bot__chatbot_toml": CHATBOT, "bot__chatbot.de_toml": GERMAN}
    make_bot(tmp_path / "bot-of-coffee", monkeypatch, **files)


def reply(functions: Functions, chatbot: ScriptedChatbot, **fields: Any) -> str:
    bus = RecordingBus()
    answer_text(analysed(**fields), chatbot=chatbot, functions=functions, publisher=bus, settings=Settings())
    return bus.command.text


CHAIN: list[tuple[Mapping[str, Any], str, list[str]]] = [
    ({"first": "One."}, "One.", ["first"]),
    ({"second": "Two."}, "Two.", ["first", "second"]),
    ({"first": "", "second": "Two."}, "Two.", ["first", "second"]),
    ({"first": " \n ", "second": "Two."}, "Two.", ["first", "second"]),
    ({"first": 7, "second": "Two."}, "Two.", ["first", "second"]),
    ({"first": ["One."], "second": "Two."}, "Two.", ["first", "second"]),
    ({"first": FunctionFailed("down", traceback="Traceback"), "second": "Two."}, "Two.", ["first", "second"]),
    ({"first": Permanent("no secret"), "second": "Two."}, "Two.", ["first", "second"]),
    ({"order": "On its way."}, "On its way.", ["first", "second", "order"]),
    ({}, "alice: It is at https://coffee.example/orders", ["first", "second", "order"]),
    ({"order": FunctionFailed("down")}, "alice: It is at https://coffee.example/orders", ["first", "second", "order"]),
]


@pytest.mark.parametrize(("answers", "words", "asked"), CHAIN)
def test_the_first_that_says_something_answers(answers: Mapping[str, Any], words: str, asked: list[str]) -> None:
    """The functions in their order, then the intent's function, then its replies; the links are the folder's own."""
    functions = Functions(**answers)
    assert reply(functions, ScriptedChatbot(intent="Order")) == words
    assert functions.asked == asked


def test_the_fallback_speaks_from_the_folder() -> None:
    """Lex has at most three of its replies, and says one of them itself."""
    assert (
        reply(Functions(), ScriptedChatbot("Lex's own.", intent="FallbackIntent"))
        == "alice: Somebody will look at this."
    )
    assert reply(Functions(), ScriptedChatbot("Of a newer folder.", intent="Newer")) == "Of a newer folder."


def test_the_chatbot_is_asked_last() -> None:
    """Not at all where a function answers."""
    chatbot = ScriptedChatbot(intent="Hours")
    assert reply(Functions(first="One."), chatbot) == "One."
    assert chatbot.asked == []
    assert reply(Functions(), chatbot) == "alice: From 9 to 6."


def test_an_intent_that_has_nothing_to_say_falls_back(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody is left without a reply, and the log says which function said nothing."""
    with caplog.at_level(logging.INFO):
        assert reply(Functions(), ScriptedChatbot(intent="Odd")) == "alice: Somebody will look at this."
    assert "intent Odd: bot.a:odd said nothing, the fallback answers" in caplog.text
    upset = Analysis(text_sentiment="NEGATIVE")
    assert reply(Functions(), ScriptedChatbot(intent="Odd"), analysis=upset) == "alice: So sorry."


def test_a_fault_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """With its traceback, and what was returned instead of a text; and who answered."""
    with caplog.at_level(logging.INFO):
        reply(
            Functions(first=FunctionFailed("down", traceback="Traceback: line 7"), second={"a": 1}, order="Yes."),
            ScriptedChatbot(intent="Order"),
        )
    assert "bot.a:first says nothing, as it failed: down Traceback: line 7" in caplog.text
    assert "bot.a:second says nothing: it returned no text but {'a': 1}" in caplog.text
    assert "answered by bot.a:order" in caplog.text


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (FunctionFailed("bot.a:first: ValueError: no", traceback="line 7\nValueError: no"), "line 7\nValueError: no"),
        (FunctionFailed("bot.a:first took 2 s.", traceback="Stack: line 7"), "bot.a:first took 2 s. Stack: line 7"),
        (FunctionFailed("bot.a:first ended."), "bot.a:first ended."),
    ],
)
def test_the_log_says_why_and_where(error: FunctionFailed, says: str, caplog: pytest.LogCaptureFixture) -> None:
    """The stack of a function that did not return in time does not tell why it was ended; a traceback does."""
    reply(Functions(first=error), ScriptedChatbot(intent="Hours"))
    assert f"bot.a:first says nothing, as it failed: {says}" in caplog.messages


@pytest.mark.parametrize("name", ["first", "second", "order"])
def test_a_passing_fault_means_the_whole_event_again(name: str) -> None:
    """Nothing is said, and nothing is fixed: the next try may say what this one could not."""
    bus = RecordingBus()
    functions = Functions(**{name: Temporary("busy")})
    with pytest.raises(Temporary):
        answer_text(
            analysed(), chatbot=ScriptedChatbot(intent="Order"), functions=functions, publisher=bus, settings=Settings()
        )
    assert (bus.entries, bus.fixed) == ([], {})


def test_what_a_function_says_is_filtered() -> None:
    """No mention, and no link but to a host that the folder names; no more text than an event takes."""
    words = reply(Functions(first="@victim https://evil.example https://coffee.example/x"), ScriptedChatbot())
    assert "@victim" not in words
    assert "https://evil.example" not in words
    assert "https://coffee.example/x" in words
    assert len(reply(Functions(first="long " * 1_000_000), ScriptedChatbot())) <= 4000
    assert reply(Functions(first="half a sign \ud83d"), ScriptedChatbot()) == "half a sign ?"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"analysis": Analysis(language="de")}, "alice: Von 9 bis 18 Uhr."),
        ({"language": "de"}, "alice: Von 9 bis 18 Uhr."),
        ({"language": "de", "analysis": Analysis(language="en")}, "alice: From 9 to 6."),
        ({"language": "fr"}, "alice: From 9 to 6."),
        ({}, "alice: From 9 to 6."),
    ],
)
def test_a_post_is_answered_in_its_language(fields: dict[str, Any], words: str) -> None:
    """As the analysis knows it, else X, where the bot has it; else in the bot's first."""
    chatbot = ScriptedChatbot(intent="Hours")
    assert reply(Functions(), chatbot, **fields) == words


def test_an_intent_of_another_language_falls_back() -> None:
    """What one language of the bot knows, another need not know."""
    assert reply(Functions(), ScriptedChatbot(intent="Order"), language="de") == "alice: Wir melden uns."


def test_who_is_upset_is_not_asked_of_a_cheerful_intent() -> None:
    """Its function is not called either."""
    upset = Analysis(text_sentiment="NEGATIVE")
    assert reply(Functions(), ScriptedChatbot(intent="Hours"), analysis=upset) == "alice: So sorry."


@pytest.mark.parametrize(("said", "text"), [("Lovely @you!", "Lovely @\u200byou!"), (None, "I can see Barack Obama.")])
def test_a_function_may_say_what_is_in_a_picture(said: str | None, text: str) -> None:
    """Instead of the bot's sentences; the annotated picture comes back all the same."""
    bus, functions = RecordingBus(), Functions(picture=said)
    answer_images(
        analysed(image("a", OBAMA)), functions=functions, media=DictMedia("a"), publisher=bus, settings=Settings()
    )
    assert bus.command.text == text
    assert [each.key for each in bus.command.images] == ["replies/12/0.jpg"]
    assert functions.asked == ["picture"]
