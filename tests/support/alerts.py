"""Alerts and subscribers that tests use."""

from __future__ import annotations

from typing import Any

import msgspec

from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.alerting.subscription import Kind, Subscription
from twbot.lambdas.contracts import Event

ANGRY = Alert("12", "2026-11-23T10:00:00Z", "alice", "I hate this", 0.93, "Negative message on X", "I hate this")


def saying(text: str) -> Alert:
    return msgspec.structs.replace(ANGRY, text=text)


def at(url: str, kind: Kind = "https") -> Subscription:
    return Subscription(kind=kind, address=url)


def angry(tweet_id: str = "12", *, replay: str | None = None, **detail: Any) -> Event:
    """A negative MESSAGE_ANALYSED; `replay` delivers it, `ReplayName` in the detail caused it."""
    detail = {
        "Text": "I hate this",
        "Author": "alice",
        "Summoned": True,
        "Twitter": {"TweetId": tweet_id, "UserId": "7"},
        "Analysis": {"TextSentiment": "NEGATIVE", "SentimentScore": {"Negative": 0.93}},
        **detail,
    }
    time = "2026-11-23T10:00:00Z"
    return Event(id="1", source="BOT", time=time, detail=detail, detail_type="MESSAGE_ANALYSED", replay_name=replay)


def again() -> dict[str, Event]:
    """What may come after `angry()` about the same post."""
    edited = {"TweetId": "13", "UserId": "7", "FirstTweetId": "12"}
    return {
        "a second delivery": angry(),
        "an edit": angry(Twitter=edited, Text="I hate this so much"),
        "a completion": angry(Completes=["Summoned", "ImageUrls"]),
        "a replay": angry(replay="replay-1"),
        "a replay with replies": angry(replay="with-replies-1"),
        "what a replay caused": angry(ReplayName="replay-2"),
        "the replay of an edit": angry(Twitter=edited, replay="replay-3"),
    }
