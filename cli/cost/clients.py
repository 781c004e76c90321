"""Fakes of boto3's clients and of X that count the handlers' calls."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from twbot.cli.cost.meter import Meter
from twbot.lambdas.folder.records import Intent
from twbot.lambdas.ports import OwnPost
from twbot.lambdas.responding.lex_limits import FALLBACK

PHOTO = "https://pbs.twimg.com/media/recorded.jpg"
# The author of the recorded messages.
AUTHOR = "2222222222222222222"
KB = 1024
Json = dict[str, Any]


def chunks(size: int, of: int) -> int:
    """Return how many chunks of `of` bytes are billed for `size` bytes: one at least."""
    return max(1, math.ceil(size / of))


class DynamoDb:
    """A DynamoDB client. Every item is new, so every condition holds."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def put_item(self, **_: Any) -> Json:
        self._meter.add("dynamodb.writes", wait="dynamodb")
        return {}

    update_item = delete_item = put_item

    def get_item(self, **_: Any) -> Json:
        self._meter.add("dynamodb.reads", wait="dynamodb")
        return {}


class Sns:
    """An SNS client."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def publish(self, **_: Any) -> Json:
        self._meter.add("sns.requests", wait="sns")
        return {}


class Events:
    """An EventBridge client; `take` receives each entry."""

    def __init__(self, meter: Meter, take: Callable[[Json], None]) -> None:
        self._meter, self._take = meter, take

    def put_events(self, *, Entries: list[Json]) -> Json:  # noqa: N803
        self._meter.wait("events")
        for entry in Entries:
            self._take(entry)
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "counted"} for _ in Entries]}


class S3:
    """An S3 client that keeps objects in memory."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._objects: dict[str, bytes] = {}

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> Json:  # noqa: N803
        self._meter.add("s3.puts", wait="s3")
        self._meter.add("media_bytes", len(Body))
        self._objects[Key] = Body
        return {}

    def get_object(self, *, Key: str, **_: Any) -> Json:  # noqa: N803
        self._meter.add("s3.gets", wait="s3")
        return {"Body": io.BytesIO(self._objects[Key])}


class LexRuntime:
    """A Lex runtime client that finds the same intent in every text."""

    def __init__(self, meter: Meter, intent: Intent | None, fulfil: Callable[[Json], Json]) -> None:
        self._meter, self._intent, self._fulfil = meter, intent, fulfil

    def recognize_text(self, **request: Any) -> Json:
        self._meter.add("lex.requests", wait="lex")
        name = self._intent.name if self._intent else FALLBACK
        state = {"intent": {"name": name, "slots": {}, "state": "ReadyForFulfillment"}}
        if self._intent is None or not self._intent.run:
            return {"sessionState": state}
        return self._fulfil({"sessionState": state, "requestAttributes": request["requestAttributes"]})


class CountedX:
    """X with one photo for each post."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def look_up(self, tweet_id: str) -> Json:
        self._meter.add("x.lookups", wait="x")
        post = {"id": tweet_id, "author_id": AUTHOR, "attachments": {"media_keys": ["3_1"]}}
        return {"data": post, "includes": {"media": [{"media_key": "3_1", "type": "photo", "url": PHOTO}]}}

    def upload_image(self, data: bytes, alt_text: str | None) -> str:  # noqa: ARG002
        self._meter.add("x.uploads", wait="x-upload")
        self._meter.add("sent_bytes", len(data))
        return "1"

    def reply(self, text: str, *, to_tweet_id: str, media_ids: Sequence[str] = ()) -> str:  # noqa: ARG002
        # X charges far more for a post with a URL: https://docs.x.com/x-api/getting-started/pricing
        self._meter.add("x.replies_with_url" if "://" in text else "x.replies", wait="x")
        return "1"

    def own_posts(self, *, after: str) -> Iterator[OwnPost]:  # noqa: ARG002
        return iter(())  # asked only after a failure, and none is counted
