"""Events for the tests of the lake."""

from __future__ import annotations

import datetime
from typing import Any

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
