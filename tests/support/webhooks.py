"""What the tests of ingress share: keys, a bus in memory, an X that knows some photos, signed bodies."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence
from typing import Any

from tests.support.paths import EVENTS
from twbot.lambdas.contracts import Entry, MessageReceived, read
from twbot.lambdas.ingress.responses import Answer
from twbot.lambdas.ingress.webhook import receive
from twbot.lambdas.ports import Keys, PostedMedia

BOT = "1111111111111111111"
KEYS = Keys(api_key="k", api_secret="the secret", access_token=f"{BOT}-token", access_token_secret="s")


class MemoryBus:
    """A Publisher: keeps the first entry of each `dedup_key` key; raises `failure` where one is set."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.entries: list[Entry] = []
        self._failure = failure

    def publish(self, entries: Sequence[Entry]) -> None:
        if self._failure:
            raise self._failure
        seen = {entry.dedup_key for entry in self.entries}
        for entry in entries:
            if entry.dedup_key is None or entry.dedup_key not in seen:
                seen.add(entry.dedup_key)
                self.entries.append(entry)

    def fix(self, key: str, value: str) -> str:
        raise NotImplementedError

    @property
    def kinds(self) -> list[str]:
        return [entry.detail_type for entry in self.entries]

    @property
    def messages(self) -> list[MessageReceived]:
        found = [entry for entry in self.entries if entry.detail_type == "MESSAGE_RECEIVED"]
        return [read(entry.detail, MessageReceived) for entry in found]


class PhotoX:
    """An X that knows the photos of posts, or fails; it counts what it is asked."""

    def __init__(self, urls: Sequence[str] = (), failure: Exception | None = None) -> None:
        self.asked: list[str] = []
        self._urls, self._failure = urls, failure

    def media_of(self, tweet_id: str) -> list[PostedMedia]:
        self.asked.append(tweet_id)
        if self._failure:
            raise self._failure
        return [PostedMedia(url) for url in self._urls]

    def upload_image(self, data: bytes, alt_text: str | None) -> str:
        raise NotImplementedError

    def reply(self, text: str, *, to_tweet_id: str, media_ids: Sequence[str] = ()) -> str:
        raise NotImplementedError


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return found


def sign(body: bytes) -> str:
    return "sha256=" + base64.b64encode(hmac.digest(KEYS.api_secret.encode(), body, "sha256")).decode()


def deliver(body: object, bus: MemoryBus, x: PhotoX | None = None) -> Answer:
    """Sign the body as X does and hand it in."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return receive(raw, sign(raw), keys=KEYS, x=x or PhotoX(), publisher=bus)
