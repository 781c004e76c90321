"""Jokes and facts from the public services, in 700 ms or not at all. What they send is hostile until checked."""

from __future__ import annotations

import queue
import threading
import time
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

import msgspec
import requests

from twbot.lambdas.x.text import neutralise, weight

LIMIT_SECONDS = 0.7
# After a failure nobody waits for that service for so long.
PAUSE_SECONDS = 60.0
MAX_BYTES = 16_384
MAX_WEIGHT = 240


class Source(NamedTuple):
    """A public service: where it is, and the field of its JSON answer that holds the words."""

    url: str
    field: str


SOURCES = {
    "Joke": Source("https://icanhazdadjoke.com/", "joke"),
    "Fact": Source("https://uselessfacts.jsph.pl/api/v2/facts/random?language=en", "text"),
}


class PublicSayings:
    """Safe for threads. `fetch` gets the body from an address, `clock` is in seconds."""

    def __init__(
        self, fetch: Callable[[str], bytes] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch, self._clock = fetch or get, clock
        self._paused_until: dict[str, float] = {}

    def say(self, kind: str) -> str | None:
        """A joke or a fact; None where the service has none fit to tell in time."""
        source = SOURCES[kind]
        if self._clock() < self._paused_until.get(kind, 0.0):
            return None
        body = self._in_time(source.url)
        if body is None:
            self._paused_until[kind] = self._clock() + PAUSE_SECONDS
            return None
        return checked(body, source.field)

    def _in_time(self, url: str) -> bytes | None:
        """The body, or None. Name look-up has no timeout and each read its own: so the waiting has one."""
        answer: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._answer, args=(url, answer), daemon=True).start()
        try:
            return answer.get(timeout=LIMIT_SECONDS)
        except queue.Empty:
            return None

    def _answer(self, url: str, answer: queue.SimpleQueue[bytes | None]) -> None:
        try:
            answer.put(self._fetch(url))
        except (requests.RequestException, OSError, ValueError):
            answer.put(None)


def get(url: str) -> bytes:
    """At most 16 KB from the address itself, no redirects. Raises requests.RequestException, ValueError."""
    headers = {"Accept": "application/json", "User-Agent": "twbot (an X bot that tells jokes and facts)"}
    ends = time.monotonic() + LIMIT_SECONDS
    with requests.get(url, headers=headers, timeout=LIMIT_SECONDS, allow_redirects=False, stream=True) as response:
        if response.status_code != requests.codes.ok:
            raise ValueError(f"HTTP {response.status_code}")
        body = bytearray()
        for chunk in response.iter_content(1024):
            body += chunk
            if len(body) > MAX_BYTES or time.monotonic() > ends:
                raise ValueError("too long")
        return bytes(body)


def checked(body: bytes, field: str) -> str | None:
    """The words if they can be told as they are: one short line with no link, mention or hidden character."""
    try:
        words = msgspec.json.decode(body, type=dict[str, object]).get(field)
    except msgspec.DecodeError:
        return None
    if not isinstance(words, str) or len(words) > 4 * MAX_WEIGHT:
        return None
    line = " ".join(words.split())
    hidden = any(unicodedata.category(char).startswith("C") for char in line)
    if not line or hidden or neutralise(line) != line or weight(line) > MAX_WEIGHT:
        return None
    return line
