"""Jokes and facts: from outside where it is fit and in time, else our own."""

from __future__ import annotations

import http.server
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
import requests

import twbot.sayings
from twbot.bot import Bot, Event
from twbot.lambdas.responding.own_sayings import sayings
from twbot.lambdas.responding.public_sayings import PAUSE_SECONDS, SOURCES, PublicSayings, checked, get

EVENT = Event(id="1", source="BOT", time="2026-11-26T00:00:00Z", detail={}, detail_type="MESSAGE_ANALYSED")
BOT = Bot(
    publisher=mock.Mock(),
    media=mock.Mock(),
    secrets={},
    settings={},
    events={},
    links=[],
    log=logging.getLogger("tested"),
)


def told(kind: str, body: object, monkeypatch: pytest.MonkeyPatch) -> str:
    public = PublicSayings(fetch=lambda url: json.dumps(body).encode())
    monkeypatch.setattr(twbot.sayings, "_public", public)
    tell = {"Joke": twbot.sayings.joke, "Fact": twbot.sayings.fact}[kind]
    return tell(EVENT, BOT)


def test_the_public_services_words_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one line."""
    body = {"joke": "Why?\r\nBecause.", "text": "x"}
    assert told("Joke", body, monkeypatch) == "Why? Because."
    assert told("Fact", body, monkeypatch) == "x"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "joke",
        {"text": None},
        {"text": 7},
        {"text": ""},
        {"text": "x" * 241},
        {"text": "字" * 121},
        {"text": "buy at https://evil.example.com"},
        {"text": "evil.com has it"},
        {"text": "ask @somebody"},
        {"text": "hidden\u202eword"},
        {"text": "bell\u0007"},
    ],
)
def test_what_is_not_fit_to_tell_is_replaced_by_our_own(body: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong types, too long, links, mentions, hidden characters."""
    assert told("Fact", body, monkeypatch) in sayings("Fact")
    assert checked(b"not json", "text") is None


def test_after_a_failure_nobody_waits_for_a_minute() -> None:
    """One failed call, then our own at once until the minute is over."""
    now, calls = [0.0], []

    def fail(url: str) -> bytes:
        calls.append(url)
        raise requests.ConnectionError

    public = PublicSayings(fetch=fail, clock=lambda: now[0])
    assert [public.say("Joke"), public.say("Joke")] == [None, None]
    assert calls == [SOURCES["Joke"].url]
    now[0] = PAUSE_SECONDS + 1
    public.say("Joke")
    assert len(calls) == 2


def test_a_service_that_hangs_costs_seven_tenths_of_a_second() -> None:
    """However the time is spent: here the call never comes back."""
    release = threading.Event()

    def hang(url: str) -> bytes:
        release.wait(5)
        return b""

    began = time.monotonic()
    assert PublicSayings(fetch=hang).say("Fact") is None
    release.set()
    assert time.monotonic() - began < 1.5


@contextmanager
def served(status: int, body: bytes) -> Iterator[tuple[str, list[dict[str, str]]]]:
    seen: list[dict[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", seen
    finally:
        server.shutdown()
        server.server_close()


def test_asking_says_who_asks_and_wants_json() -> None:
    """The public services ask for a User-Agent, and answer HTML to whoever does not ask for JSON."""
    with served(200, b'{"joke": "x"}') as (url, seen):
        assert get(url) == b'{"joke": "x"}'
    assert seen[0]["accept"] == "application/json"
    assert seen[0]["user-agent"].startswith("twbot")


@pytest.mark.parametrize(("status", "body"), [(500, b"{}"), (302, b""), (200, b"x" * 20_000)])
def test_errors_redirects_and_floods_are_no_answer(status: int, body: bytes) -> None:
    """Nothing but 200 with at most 16 KB counts."""
    with served(status, body) as (url, _), pytest.raises(ValueError):  # noqa: PT011
        get(url)


def test_no_network_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed port ends in our own list."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    public = PublicSayings(fetch=lambda url: get(f"http://127.0.0.1:{port}/"))
    monkeypatch.setattr(twbot.sayings, "_public", public)
    assert twbot.sayings.joke(EVENT, BOT) in sayings("Joke")
