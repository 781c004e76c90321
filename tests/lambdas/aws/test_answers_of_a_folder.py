"""A bot of somebody's own on AWS: the functions that answer, from their bundles, with a Lex that is botocore's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from tests.support.aws_account import Account
from tests.support.bot_folders import make_bot
from tests.support.bundles import AWS_OF_TESTS, Bundles, Ran
from tests.support.bus_events import TWEET, bus_event, picture
from tests.support.coffee import COFFEE
from tests.support.loopback import Answer, answering
from tests.support.loopback_aws import loopback_aws


@pytest.fixture(scope="module")
def bundles_of_coffee(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    return Bundles(tmp_path_factory.mktemp("bundles"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("coffee")


@pytest.fixture
def account(
    bundles_of_coffee: Bundles, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Account]:
    make_bot(folder, monkeypatch, **COFFEE)
    for name, value in AWS_OF_TESTS.items():
        monkeypatch.setenv(name, value)
    with mock_aws(), loopback_aws() as aws:
        yield Account(aws, bundles_of_coffee, tmp_path)


def analysed(text: str, language: str, images: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return bus_event(
        "MESSAGE_ANALYSED",
        {
            "Text": text,
            "Author": "ada",
            "Summoned": True,
            "Twitter": {"TweetId": TWEET, "UserId": "42"},
            "Analysis": {"TextSentiment": "NEUTRAL", "Language": language, "Images": images or []},
        },
    )


def understood(intent: str) -> Answer:
    """What Lex answers to whoever runs the functions itself."""
    meant = {"name": intent, "slots": {}, "state": "Fulfilled", "confirmationState": "None"}
    first: dict[str, Any] = {"intent": meant, "interpretationSource": "Lex", "nluConfidence": {"score": 0.9}}
    state = {"intent": meant, "dialogAction": {"type": "Close"}, "sessionAttributes": {}}
    return Answer(200, {"messages": [], "sessionState": state, "interpretations": [first], "sessionId": "x-42"})


def text_function(account: Account, bundles: Bundles, event: dict[str, Any], *answers: Answer) -> tuple[Ran, list[Any]]:
    with answering(*answers) as lex:
        ran = account.run(
            "text",
            event,
            AWS_ENDPOINT_URL_LEX_RUNTIME_V2=lex.url,
            BOT_ID="B" * 10,
            BOT_ALIAS_ID="A" * 10,
        )
    assert ran.results == [{"answer": None}], ran.log
    return ran, lex.asked


def words(account: Account) -> str:
    (sent,) = account.on_the_bus()
    return str(sent["detail"]["Text"])


@pytest.mark.parametrize(
    ("text", "language", "intent", "locale", "reply"),
    [
        ("@bot Wann habt ihr auf?", "de", "Oeffnungszeiten", "de_DE", "ada: Von 9 bis 18 Uhr."),
        ("@bot when do you open?", "en", "Hours", "en_US", "ada asks in en: from 9 to 6."),
        ("@bot ¿cuándo abrís?", "es", "FallbackIntent", "de_DE", "ada: Wir melden uns."),
        ("@bot explode", "en", "FallbackIntent", "en_US", "ada: Somebody will look at this."),
    ],
)
def test_lex_is_asked_in_the_posts_language(
    account: Account, bundles_of_coffee: Bundles, text: str, language: str, intent: str, locale: str, reply: str
) -> None:
    """And told that the function of an intent is run by whoever asks; the words are the folder's."""
    _, (asked,) = text_function(account, bundles_of_coffee, analysed(text, language), understood(intent))
    assert f"/botLocales/{locale}/sessions/x-42/text" in asked.path
    assert asked.json["requestAttributes"] == {"CallerRuns": "true", "TweetId": TWEET}
    assert words(account) == reply


def test_a_function_answers_before_lex_is_asked(account: Account, bundles_of_coffee: Bundles) -> None:
    """Its links stay, its mentions call nobody."""
    _, asked = text_function(account, bundles_of_coffee, analysed("@bot where is 4711?", "en"))
    assert asked == []
    assert words(account) == "Order 4711: https://coffee.example/o/4711 @\u200bcourier"


def test_why_a_function_said_nothing_is_in_the_log(account: Account, bundles_of_coffee: Bundles) -> None:
    """The traceback, beside the post's id."""
    ran, _ = text_function(account, bundles_of_coffee, analysed("@bot explode", "en"), understood("FallbackIntent"))
    (line,) = [line for line in ran.lines if "says nothing" in str(line["message"])]
    assert "RuntimeError: our API is down" in line["message"]
    assert line["correlation_id"] == TWEET


@pytest.mark.parametrize(
    ("text", "language", "reply"),
    [("@bot my latte", "en", "Latte art!"), ("@bot Wer ist das?", "de", "Niemand, den ich kenne.")],
)
def test_pictures_are_answered_in_the_posts_language(
    account: Account, bundles_of_coffee: Bundles, text: str, language: str, reply: str
) -> None:
    """By a function that says something, else by the bot's sentences; the picture comes back."""
    account.client("s3").put_object(Bucket="media", Key="a.jpg", Body=picture())
    event = analysed(text, language, [{"Key": "a.jpg", "Analysis": {}}])
    ran = account.run("image", event)
    assert ran.results == [{"answer": None}], ran.log
    (sent,) = account.on_the_bus()
    assert (sent["detail"]["Text"], len(sent["detail"]["Images"])) == (reply, 1)


def test_who_talks_to_lex_itself_hears_the_function(account: Account, bundles_of_coffee: Bundles) -> None:
    """In Lex's console and `twbot chat --stage`."""
    event = {
        "sessionState": {"intent": {"name": "Hours", "state": "ReadyForFulfillment"}},
        "inputTranscript": "when do you open?",
        "bot": {"localeId": "en_US"},
        "requestAttributes": None,
    }
    again = {**event, "requestAttributes": {"CallerRuns": "true"}}
    first, second = account.run("fulfilment", event, again).results
    assert first["answer"]["messages"] == [{"contentType": "PlainText", "content": "lex asks in en: from 9 to 6."}]
    assert second["answer"]["messages"] == []
