"""Fetches jokes and facts from public services, within 700 ms or not at all. Their answers are untrusted."""

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
# A service that failed is not asked again for so long, so that its failure delays only one reply.
PAUSE_SECONDS = 60.0
MAX_BYTES = 16_384
# In X's weighted characters, below its limit of 280.
MAX_WEIGHT = 240


class Source(NamedTuple):
    """A public service."""

    url: str
    field: str
    """The field of its JSON answer that contains the text."""


SOURCES = {
    "Joke": Source("https://icanhazdadjoke.com/", "joke"),
    "Fact": Source("https://uselessfacts.jsph.pl/api/v2/facts/random?language=en", "text"),
}


class PublicSayings:
    """The public services. Thread-safe. `fetch` returns the body at a URL; `clock` returns seconds."""

    def __init__(
        self, fetch: Callable[[str], bytes] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch, self._clock = fetch or get, clock
        self._paused_until: dict[str, float] = {}

    def say(self, kind: str) -> str | None:
        """Return a joke or a fact; None where the service gives no acceptable one in time."""
        source = SOURCES[kind]
        if self._clock() < self._paused_until.get(kind, 0.0):
            return None
        body = self._in_time(source.url)
        if body is None:
            self._paused_until[kind] = self._clock() + PAUSE_SECONDS
            return None
        return checked(body, source.field)

    def _in_time(self, url: str) -> bytes | None:
        """Return the body, or None after LIMIT_SECONDS."""
        # In a thread with a deadline: a name look-up has no timeout, and that of requests is per read.
        # https://requests.readthedocs.io/en/latest/user/advanced/#timeouts
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
    """Return at most 16 KB from this URL, without redirects. Raises requests.RequestException or ValueError."""
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
    """Return the text if it can be posted as it is: one short line without a link, mention or hidden character."""
    try:
        words = msgspec.json.decode(body, type=dict[str, object]).get(field)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(words, str) or len(words) > 4 * MAX_WEIGHT:
        return None
    line = " ".join(words.split())
    hidden = any(unicodedata.category(char).startswith("C") for char in line)
    if not line or hidden or neutralise(line) != line or weight(line) > MAX_WEIGHT:
        return None
    return line
