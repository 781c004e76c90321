"""Events for the tests of the lake."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from twbot.lambdas.contracts import Entry, Event, new_event

NOON = datetime.datetime(2026, 11, 23, 12, 30, tzinfo=datetime.UTC)


def event(detail_type: str, detail: dict[str, Any], at: datetime.datetime = NOON) -> Event:
    return new_event(Entry(source="BOT", detail_type=detail_type, detail=detail), at)


def analysed(author: str, images: list[dict[str, Any]] | None = None, sentiment: str = "POSITIVE") -> Event:
    analysis = {"TextSentiment": sentiment, "TextEntities": [], "Images": images}
    twitter = {"TweetId": author, "UserId": "7"}
    detail = {"Text": f"by {author}", "Author": author, "Summoned": True, "Twitter": twitter, "Analysis": analysis}
    return event("MESSAGE_ANALYSED", detail)


def image(*celebrities: str, labels: tuple[str, ...] = ()) -> dict[str, Any]:
    faces = [{"Name": name, "MatchConfidence": 99.5, "Face": {"Confidence": 98}} for name in celebrities]
    return {"Key": "k", "Analysis": {"CelebrityFaces": faces, "Labels": [{"Name": name} for name in labels]}}


def replayed(events: list[Event], name: str = "replay-1") -> list[Event]:
    """What a replay of these adds to the lake: the events again, and those that they cause."""
    again = [msgspec.structs.replace(each, replay_name=name) for each in events]
    caused = [
        event(each.detail_type, each.detail | {"ReplayName": name}) for each in events if "Analysis" in each.detail
    ]
    return [*again, *caused]


def edited(of: Event, tweet_id: str, *, minutes: int = 1, **changes: Any) -> Event:
    """A later version of a post's event."""
    twitter = of.detail["Twitter"] | {"TweetId": tweet_id, "FirstTweetId": of.detail["Twitter"]["TweetId"]}
    detail = of.detail | {"Twitter": twitter} | changes
    return event(of.detail_type, detail, NOON + datetime.timedelta(minutes=minutes))
