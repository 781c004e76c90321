"""What X and everybody else is answered at the webhook."""

from __future__ import annotations

import json
import logging
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.webhooks import KEYS, MemoryBus, deliver, sample, sign
from twbot.lambdas.errors import Temporary
from twbot.lambdas.ingress.responses import MAX_BODY
from twbot.lambdas.ingress.webhook import challenge, receive


def test_a_too_large_body_is_refused() -> None:
    """X's own are far smaller; what is larger is read no further."""
    bus = MemoryBus()
    answer = deliver(b" " * (MAX_BODY + 1), bus)
    assert (answer.status, bus.entries) == (413, [])
    assert "larger than 1,000,000 bytes" in answer.body["error"]


@given(st.binary(), st.none() | st.text())
def test_no_bytes_get_in_unsigned(body: bytes, header: str | None) -> None:
    """What is not signed is refused before anything reads it."""
    bus = MemoryBus()
    assert receive(body, header, keys=KEYS, publisher=bus).status in {401, 403}
    assert not bus.entries


def test_a_refusal_is_logged_without_the_body(caplog: pytest.LogCaptureFixture) -> None:
    """The log says what was wrong, and repeats neither body nor signature."""
    body = b'{"secret": "hunter2", '
    with caplog.at_level(logging.INFO, "twbot.ingress"):
        receive(body, "sha256=hunter2", keys=KEYS, publisher=MemoryBus())
        receive(body, sign(body), keys=KEYS, publisher=MemoryBus())
    assert [vars(record).get("status") for record in caplog.records] == [401, None]
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
