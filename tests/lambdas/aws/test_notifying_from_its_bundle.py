"""The notify function as it runs on AWS: from its built bundle, against moto, with Slack and Discord on loopback."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.aws_account import Account
from tests.support.loopback import Answer, answering

PARAMETER = "/twbot/prod/alert-addresses"
TOLD = {"ADDRESSES_PARAMETER": PARAMETER, "DELIVERIES_TABLE": "told"}


@pytest.fixture
def chats(account: Account) -> Account:
    account.dynamodb.create_table(
        TableName="told",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return account


def subscribe(account: Account, *chats: tuple[str, str]) -> None:
    value = json.dumps([{"kind": kind, "address": url} for kind, url in chats])
    account.client("ssm").put_parameter(Name=PARAMETER, Value=value, Type="SecureString", Overwrite=True)


def angry(tweet_id: str = "12") -> dict[str, Any]:
    detail = {
        "Text": "I hate this",
        "Author": "alice",
        "Summoned": True,
        "Twitter": {"TweetId": tweet_id, "UserId": "7"},
        "Analysis": {"TextSentiment": "NEGATIVE", "SentimentScore": {"Negative": 0.93}},
    }
    time = "2026-11-23T10:00:00Z"
    return {"id": "1", "source": "BOT", "detail-type": "MESSAGE_ANALYSED", "time": time, "detail": detail}


def test_the_chats_are_told_once(chats: Account) -> None:
    """Delivered twice, in two containers; the addresses are read once a minute, and in no log."""
    with answering(Answer(200, b"ok")) as slack, answering(Answer(204, b"")) as discord:
        subscribe(chats, ("slack", f"{slack.url}/hidden-word"), ("discord", f"{discord.url}/hidden-word"))
        first = chats.run("notify", angry(), angry("13"), **TOLD)
        second = chats.run("notify", angry(), **TOLD)
    assert first.results + second.results == [{"answer": None}] * 3, first.log + second.log
    assert (len(slack.asked), len(discord.asked)) == (2, 2)
    assert chats.aws.count("GetParameter") == 2
    assert "hidden" not in first.log + second.log


def test_nobody_subscribed(chats: Account) -> None:
    """No parameter is nobody, not a failure."""
    assert chats.run("notify", angry(), **TOLD).results == [{"answer": None}]


def test_one_that_fails_comes_back_alone(chats: Account) -> None:
    """The invocation fails, so that Lambda tries again; then only the failed one is told. The log names the post."""
    with answering(Answer(200, b"ok")) as slack, answering(Answer(503, b""), Answer(204, b"")) as discord:
        subscribe(chats, ("slack", slack.url), ("discord", f"{discord.url}/hidden-word"))
        failed = chats.run("notify", angry(), **TOLD)
        again = chats.run("notify", angry(), **TOLD)
    assert failed.results[0]["error"] == "Temporary"
    assert "503" in failed.results[0]["says"]
    assert again.results == [{"answer": None}]
    assert (len(slack.asked), len(discord.asked)) == (1, 2)
    assert "hidden" not in failed.log
    logged = [line for line in failed.lines if "level" in line]
    assert logged
    assert {line["correlation_id"] for line in logged} == {"12"}


def test_a_store_that_is_down_loses_nothing(chats: Account) -> None:
    """The addresses can't be read, or it can't be noted who was told: nobody is told, and it comes back."""
    with answering(Answer(200, b"ok")) as slack:
        subscribe(chats, ("slack", slack.url))
        for operation in ("GetParameter", "PutItem"):
            chats.aws.refusing[operation] = (400, "AccessDeniedException")
            assert chats.run("notify", angry(), **TOLD).results[0]["error"] == "Temporary"
            chats.aws.refusing.clear()
        assert not slack.asked
        chats.run("notify", angry(), **TOLD)
    assert len(slack.asked) == 1


@pytest.mark.parametrize("content", ["hidden", '[{"kind": "hidden"}]'])
def test_a_broken_parameter_is_not_shown(chats: Account, content: str) -> None:
    """It is named; somebody can put it right while Lambda tries again."""
    chats.client("ssm").put_parameter(Name=PARAMETER, Value=content, Type="SecureString")
    ran = chats.run("notify", angry(), **TOLD)
    assert PARAMETER in ran.results[0]["says"]
    assert '"kind": "hidden"' not in ran.log


def test_a_test_says_how_it_went(chats: Account) -> None:
    """For each chat, whatever it was told before; the outcome is kept."""
    with answering(Answer(200, b"ok")) as slack, answering(Answer(404, b"")) as discord:
        subscribe(chats, ("slack", slack.url), ("discord", discord.url))
        ran = chats.run("notify", {"Test": None}, {"Test": None}, **TOLD)
    well, gone = ran.results[0]["answer"]
    assert well["Problem"] is None
    assert "404" in gone["Problem"]
    assert len(slack.asked) == 2
    kept = chats.dynamodb.get_item(TableName="told", Key={"id": {"S": f"outcome:{gone['Id']}"}})["Item"]
    assert "404" in kept["problem"]["S"]
