"""What X and everybody else is answered at the webhook."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import EVENTS
from tests.support.webhooks import KEYS, MemoryBus, PhotoX, deliver, sample, sign
from twbot.lambdas.errors import Temporary
from twbot.lambdas.ingress.responses import MAX_BODY
from twbot.lambdas.ingress.webhook import challenge, receive

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def _names(value: Any) -> set[str]:
    """Every name in a JSON document, however deep."""
    if isinstance(value, list):
        return set().union(*map(_names, value))
    return set(value).union(*map(_names, value.values())) if isinstance(value, dict) else set()


KEYWORDS = st.sampled_from(
    sorted(set().union(*(_names(json.loads(path.read_text())) for path in EVENTS.rglob("*.json"))))
)
VALUES = st.sampled_from(["post.mention.create", "post.create", "1111111111111111111", "2", "photo", "follow", 5, -1])
SIMILAR = st.recursive(
    VALUES | st.none() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=6),
)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "not JSON"),
        (b"hello", 400, "not JSON"),
        (b"\xff\xfe{}", 400, "not JSON"),
        (b'{"a": "\xff"}', 400, "not JSON"),
        (b'{"a": NaN}', 400, "not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", 400, "not JSON"),
        (b"[" * 100_000, 400, "nested too deeply"),
        (b'{"for_user_id": ' + b"[" * 200 + b"]" * 200 + b"}", 400, "nested too deeply"),
        (b"[]", 422, "not a JSON object"),
        (b"7", 422, "not a JSON object"),
        (b"{}", 422, "no webhook of X"),
        (b'{"hello": "world"}', 422, "no webhook of X"),
        (b'{"for_user_id": "1"}', 422, "no webhook of X"),
        (b'{"tweet_create_events": "none"}', 422, "no webhook of X"),
        (b'{"data": {"event_type": "post.create"}}', 422, "no webhook of X"),
        (b" " * (MAX_BODY + 1), 413, "larger than 1,000,000 bytes"),
    ],
)
def test_each_wrong_body_has_its_answer(body: bytes, status: int, said: str) -> None:
    """Even rightly signed: not JSON, too deep, too large, of no known shape; and no event."""
    bus = MemoryBus()
    answer = deliver(body, bus)
    assert (answer.status, bus.entries) == (status, [])
    assert said in answer.body["error"]


@given(JSON | SIMILAR)
def test_no_json_breaks_it(body: Any) -> None:
    """Whatever JSON X or anybody signs, the answer is 200 or a 4xx."""
    assert deliver(body, MemoryBus()).status in {200, 400, 422}


@given(st.binary(), st.none() | st.text())
def test_no_bytes_get_in_unsigned(body: bytes, header: str | None) -> None:
    """What is not signed is refused before anything reads it."""
    bus = MemoryBus()
    assert receive(body, header, keys=KEYS, x=PhotoX(), publisher=bus).status in {401, 403}
    assert not bus.entries


def test_a_refusal_is_logged_without_the_body(caplog: pytest.LogCaptureFixture) -> None:
    """The log says what was wrong, and repeats neither body nor signature."""
    body = b'{"secret": "hunter2"}'
    with caplog.at_level(logging.INFO, "twbot.ingress"):
        receive(body, "sha256=hunter2", keys=KEYS, x=PhotoX(), publisher=MemoryBus())
        receive(body, sign(body), keys=KEYS, x=PhotoX(), publisher=MemoryBus())
    assert [vars(record)["status"] for record in caplog.records] == [401, 422]
    logged = json.dumps([vars(record) for record in caplog.records], default=str)
    assert "hunter2" not in logged
    assert sign(body) not in logged


def test_a_full_bus_sends_x_away_for_a_while() -> None:
    """What could not be made durable is not answered 200."""
    body = sample("account_activity/tweet_create_events.mention")
    answer = deliver(body, MemoryBus(Temporary("full", retry_at=time.time() + 7)))
    assert answer.status == 503
    assert answer.retry_after in {6, 7}
    assert deliver(body, MemoryBus(Temporary("full"))).retry_after


def test_the_challenge_needs_a_token() -> None:
    """No token, or one that is an event waiting for its signature: 400."""
    assert challenge(None, KEYS).status == 400
    assert challenge("", KEYS).status == 400
    assert challenge('{"for_user_id": "1"}', KEYS).status == 400
    assert challenge("MDQwMWQ5", KEYS).body["response_token"] == sign(b"MDQwMWQ5")


@given(st.text())
def test_no_challenge_breaks_it(token: str) -> None:
    """Any query is answered with 200 or 400."""
    assert challenge(token, KEYS).status in {200, 400}
