"""The examples of the names in twbot.bot run."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
import pytest

import twbot.bot
from docs.name_examples import EXAMPLES
from tests.support.own_functions import Bus, Media
from twbot.bot import Bot, Event
from twbot.lambdas.contracts import (
    DETAIL_TYPES,
    AnalysisFailed,
    MessageReceived,
    PostIncomplete,
    Record,
    SendTweet,
    TweetFailed,
    TweetSent,
    TweetWithheld,
    Twitter,
)

POST: dict[str, Any] = {"reply_to_tweet_id": "5", "reply_to_user_id": "7", "text": "hi"}
MESSAGE: dict[str, Any] = {
    "text": "hello you",
    "author": "ada",
    "summoned": True,
    "twitter": Twitter(tweet_id="5", user_id="7"),
}
OTHERS: dict[str, Record] = {
    "AnalysisFailed": AnalysisFailed(error="E", cause="c", message={}),
    "MessageReceived": MessageReceived(**MESSAGE),
    "PostIncomplete": PostIncomplete(**MESSAGE, missing=["Text"], bot_id="1"),
    "SendTweet": SendTweet(**POST),
    "TweetFailed": TweetFailed(**POST, reason="r", explanation="x"),
    "TweetSent": TweetSent(**POST, tweet_id="9"),
    "TweetWithheld": TweetWithheld(**POST, reason="paused", explanation="x"),
}
ANALYSIS = {
    "TextSentiment": "NEGATIVE",
    "Images": [{"Key": "k.jpg", "Analysis": {"Labels": [{"Name": "Cup"}]}}],
}
ANALYSED = {
    **{"Text": "hello you", "Author": "ada", "Summoned": True, "Followers": 3},
    **{"Twitter": {"TweetId": "5", "UserId": "7"}, "Analysis": ANALYSIS},
}


def event(name: str) -> Event:
    """An event of the record's type; for a name of another kind a MESSAGE_ANALYSED."""
    given: dict[str, Any] = {"id": "1", "source": "BOT", "time": "2026-01-01T00:00:00Z"}
    if (record := OTHERS.get(name)) is None:
        return Event(**given, detail_type="MESSAGE_ANALYSED", detail=ANALYSED)
    return Event(**given, detail_type=DETAIL_TYPES[type(record)], detail=msgspec.to_builtins(record))


def test_each_name_has_an_example() -> None:
    assert sorted(EXAMPLES) == sorted(twbot.bot.__all__)


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_runs(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """On an event of its type, and does something: it answers, publishes, or logs."""
    bus, log = Bus(), logging.getLogger("own")
    bot = Bot(publisher=bus, media=Media(), secrets={}, settings={}, events={}, links=[], log=log)
    names: dict[str, Any] = {each: getattr(twbot.bot, each) for each in twbot.bot.__all__}
    known = set(names)
    exec(EXAMPLES[name], names)
    (function,) = [found for each, found in names.items() if each not in known and callable(found)]
    with caplog.at_level("INFO"):
        answer = function(event(name), bot)
    assert answer or bus.entries or bus.numbers or caplog.records or name in ("Permanent", "Temporary")
