"""Jokes and facts: from outside where it is fit and in time, else our own."""

from __future__ import annotations

import http.server
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from twbot.lambdas.responding.chatbot import sayings
from twbot.lambdas.responding.fulfilment import fulfil
from twbot.lambdas.responding.public_sayings import PAUSE_SECONDS, SOURCES, PublicSayings, checked, get


def event(intent: str) -> dict[str, Any]:
    state = {"intent": {"name": intent, "slots": {}, "state": "ReadyForFulfillment"}, "sessionAttributes": {"a": "b"}}
    return {"sessionState": state, "invocationSource": "FulfillmentCodeHook", "inputTranscript": "a joke"}


def told(intent: str, body: object) -> str:
    public = PublicSayings(fetch=lambda url: json.dumps(body).encode())
    return str(fulfil(event(intent), public=public, rng=random.Random(1))["messages"][0]["content"])


def test_the_public_services_words_are_told() -> None:
    """On one line, in Lex V2's response shape, with the session's attributes kept."""
    public = PublicSayings(fetch=lambda url: json.dumps({"joke": "Why?\r\nBecause.", "text": "x"}).encode())
    answer = fulfil(event("Joke"), public=public)
    assert answer["messages"] == [{"contentType": "PlainText", "content": "Why? Because."}]
    assert answer["sessionState"]["intent"]["state"] == "Fulfilled"
    assert answer["sessionState"]["dialogAction"] == {"type": "Close"}
    assert answer["sessionState"]["sessionAttributes"] == {"a": "b"}


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
def test_what_is_not_fit_to_tell_is_replaced_by_our_own(body: object) -> None:
    """Wrong types, too long, links, mentions, hidden characters."""
    assert told("Fact", body) in sayings("facts.json")
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


def test_no_network_at_all() -> None:
    """A closed port ends in our own list."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    public = PublicSayings(fetch=lambda url: get(f"http://127.0.0.1:{port}/"))
    assert fulfil(event("Joke"), public=public)["messages"][0]["content"] in sayings("jokes.json")


def test_an_intent_that_is_not_its_own_fails() -> None:
    """A bot that is wired wrongly is seen, not papered over."""
    assert fulfil(event("Greeting"))["sessionState"]["intent"]["state"] == "Failed"
