"""Events go to addresses, signed, and each answer has its consequence."""

from __future__ import annotations

import base64
import hmac
import time

import pytest
import requests

from tests.support.loopback import Answer, answering
from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import Permanent, Temporary
from twbot.lambdas.own.forward import forward, new_secret, signature

EVENT = Event(
    id="e-1", source="BOT", time="2026-01-01T00:00:00Z", detail_type="MESSAGE_ANALYSED", detail={"Text": "hi"}
)


def test_the_signature_is_the_one_of_standard_webhooks() -> None:
    """The example of its reference libraries."""
    headers = signature(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        1614265330,
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_can_check_what_it_got() -> None:
    """The envelope of EventBridge, the event's id at each attempt, the time of this one."""
    secret = new_secret()
    with answering(Answer(204)) as desk:
        forward(EVENT, f"{desk.url}/hook", secret, loopback=True)
    (asked,) = desk.asked
    headers = {name.lower(): value for name, value in asked.headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + asked.body
    digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, "sha256")
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert (asked.path, headers["webhook-id"], asked.json["detail-type"]) == ("/hook", "e-1", "MESSAGE_ANALYSED")
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (Answer(200), None),
        (Answer(202), None),
        (Answer(301, headers={"Location": "https://elsewhere.example"}), Permanent),
        (Answer(400), Permanent),
        (Answer(401), Permanent),
        (Answer(404), Permanent),
        (Answer(410), Permanent),
        (Answer(408), Temporary),
        (Answer(425), Temporary),
        (Answer(429), Temporary),
        (Answer(500), Temporary),
        (Answer(503), Temporary),
    ],
)
def test_each_answer_has_its_consequence(answer: Answer, raised: type[Exception] | None) -> None:
    """What a repetition can't mend is not repeated; no redirect is followed."""
    with answering(answer) as desk:
        if raised is None:
            forward(EVENT, desk.url, new_secret(), loopback=True)
        else:
            with pytest.raises(raised, match=str(answer.status)):
                forward(EVENT, desk.url, new_secret(), loopback=True)
    assert len(desk.asked) == 1


def test_a_receiver_says_when_it_wants_more() -> None:
    with answering(Answer(429, headers={"Retry-After": "90"})) as desk, pytest.raises(Temporary) as raised:
        forward(EVENT, desk.url, new_secret(), loopback=True)
    assert raised.value.retry_at == pytest.approx(time.time() + 90, abs=10)


def test_nobody_there_is_tried_again() -> None:
    """The error has neither the path nor the secret."""
    secret = new_secret()
    with pytest.raises(Temporary) as raised:
        forward(EVENT, "http://127.0.0.1:9/hidden-path", secret, loopback=True)
    assert "hidden-path" not in str(raised.value)
    assert secret not in str(raised.value)


@pytest.mark.parametrize("to", ["http://127.0.0.1:9", "http://example.org", "ftp://example.org", "https//x", ""])
def test_nothing_is_sent_in_the_clear(to: str) -> None:
    with pytest.raises(Permanent, match="https://"):
        forward(EVENT, to, new_secret())


def test_no_address_within_our_network_is_asked() -> None:
    """Only `local` may ask its own machine."""
    with answering(Answer(200)) as desk, pytest.raises(Permanent, match="private network"):
        forward(EVENT, desk.url.replace("http://", "https://"), new_secret())
    assert desk.asked == []


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "a password", "whsec_" + "A" * 100])
def test_a_secret_of_another_kind_is_refused(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is sent; the error says how to make one, and not what was there."""
    monkeypatch.setattr(requests.Session, "post", lambda *_, **__: pytest.fail("it was sent"))
    with pytest.raises(Permanent, match="secrets put NAME --generate") as raised:
        forward(EVENT, "https://example.org", secret)
    assert not secret or secret == "whsec_" or secret not in str(raised.value)
