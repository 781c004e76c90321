"""What the tests of ingress share: keys, a bus in memory, an X that knows some posts, signed bodies."""

from __future__ import annotations

import base64
import datetime
import hmac
import json
from collections.abc import Sequence
from typing import Any

from tests.support.paths import EVENTS
from twbot.lambdas.completion import completed, distinct, known_json
from twbot.lambdas.contracts import Entry, MessageReceived, new_event, read
from twbot.lambdas.ingress.lookup import complete_post
from twbot.lambdas.ingress.responses import Answer
from twbot.lambdas.ingress.webhook import receive
from twbot.lambdas.ports import Keys

BOT = "1111111111111111111"
KEYS = Keys(api_key="k", api_secret="the secret", access_token=f"{BOT}-token", access_token_secret="s")


class MemoryBus:
    """A Publisher: drops what its earlier entries of the same key know; raises `failure` where one is set."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.entries: list[Entry] = []
        self._failure = failure
        self._known: dict[str, str | None] = {}

    def publish(self, entries: Sequence[Entry]) -> None:
        if self._failure:
            raise self._failure
        for entry in distinct(entries):
            key, ready = entry.dedup_key, entry
            if key in self._known:
                earlier = self._known[key]
                if earlier is None:
                    continue
                better, self._known[key] = completed(entry, earlier)
                if better is None:
                    continue
                ready = better
            elif key is not None:
                self._known[key] = known_json(entry)
            self.entries.append(ready)

    def forget_known(self, key: str) -> None:
        self._known[key] = None

    def fix(self, key: str, value: str) -> str:
        raise NotImplementedError

    @property
    def kinds(self) -> list[str]:
        return [entry.detail_type for entry in self.entries]

    @property
    def messages(self) -> list[MessageReceived]:
        found = [entry for entry in self.entries if entry.detail_type == "MESSAGE_RECEIVED"]
        return [read(entry.detail, MessageReceived) for entry in found]


class LookUps:
    """A PostLookup that knows some posts, or fails; it counts what it is asked."""

    def __init__(self, *answers: dict[str, Any], failure: Exception | None = None) -> None:
        self.asked: list[str] = []
        self._answers = {answer["data"]["id"]: answer for answer in answers}
        self.failure = failure

    def look_up(self, tweet_id: str) -> dict[str, Any]:
        self.asked.append(tweet_id)
        if self.failure:
            raise self.failure
        return self._answers[tweet_id]


def photo_answer(body: dict[str, Any], *urls: str) -> dict[str, Any]:
    """X's answer to the look-up of an X Activity post: the same post, with photos."""
    payload, includes = body["data"]["payload"], body["data"].get("includes", {})
    media = [{"media_key": f"3_{number}", "type": "photo", "url": url} for number, url in enumerate(urls)]
    post = {**payload, "attachments": {"media_keys": [each["media_key"] for each in media]}}
    return {"data": post, "includes": {**includes, "media": media}}


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return found


def sign(body: bytes) -> str:
    return "sha256=" + base64.b64encode(hmac.digest(KEYS.api_secret.encode(), body, "sha256")).decode()


def deliver(body: object, bus: MemoryBus, x: LookUps | None = None) -> Answer:
    """Sign the body as X does and hand it in. With `x`, do the look-ups that follow."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    start = len(bus.entries)
    answer = receive(raw, sign(raw), keys=KEYS, publisher=bus)
    if x is not None:
        for entry in [each for each in bus.entries[start:] if each.detail_type == "POST_INCOMPLETE"]:
            complete_post(new_event(entry, datetime.datetime.now(datetime.UTC)), x=x, publisher=bus)
    return answer
