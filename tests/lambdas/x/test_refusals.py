"""What X's refusals mean, from the answers that X documents."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import msgspec
import pytest

from twbot.lambdas.errors import XRefused
from twbot.lambdas.x.errors import classify
from twbot.lambdas.x.refusals import Refusal, refusal


def refused(status: int, body: Any, headers: dict[str, str] | None = None) -> Refusal:
    error = classify(status, headers or {}, msgspec.json.encode(body))
    assert isinstance(error, XRefused)
    return refusal(error)


def v1(code: int, message: str = "") -> dict[str, Any]:
    return {"errors": [{"code": code, "message": message}]}


def v2(detail: str) -> dict[str, Any]:
    return {"title": "Invalid Request", "detail": detail, "type": "https://api.x.com/2/problems/invalid-request"}


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (400, v2("CrcValidationFailed: no"), Refusal.WRONG_CRC),
        (400, v2("UrlValidationFailed"), Refusal.URL_INVALID),
        (400, v2("DuplicateUrlFailed"), Refusal.DUPLICATE_URL),
        (400, v2("WebhookLimitExceeded"), Refusal.TOO_MANY_WEBHOOKS),
        (400, v2("WebhookIdInvalid"), Refusal.WEBHOOK_UNKNOWN),
        (400, v2("DuplicateSubscriptionFailed"), Refusal.SUBSCRIBED_ALREADY),
        (400, v2("SubscriptionLimitExceeded"), Refusal.TOO_MANY_SUBSCRIPTIONS),
        (404, v2("SubscriptionNotFound"), Refusal.NOT_SUBSCRIBED),
        (403, v1(214, "Webhook URL does not meet the requirements."), Refusal.URL_INVALID),
        (403, v1(214, "Too many resources already created."), Refusal.TOO_MANY_WEBHOOKS),
        (403, v1(214, "Invalid CRC token or json response format"), Refusal.WRONG_CRC),
        (403, v1(214, "Non-200 response code during CRC GET request (i.e. 404, 500, etc)."), Refusal.WRONG_CRC),
        (403, v1(214, "High latency on CRC GET request."), Refusal.WRONG_CRC),
        (401, v1(32, "Could not authenticate you."), Refusal.WRONG_KEYS),
        (403, v1(99, "Unable to verify your credentials"), Refusal.WRONG_KEYS),
        (401, v1(89, "Invalid or expired token."), Refusal.WRONG_KEYS),
        (401, v1(135, "Timestamp out of bounds."), Refusal.WRONG_CLOCK),
        (404, v1(34, "Sorry, that page does not exist."), Refusal.WEBHOOK_UNKNOWN),
        (403, v1(261, "Application cannot perform write actions."), Refusal.NOT_PERMITTED),
        (403, v1(348, "Client application is not permitted to access this user's webhooks"), Refusal.NOT_PERMITTED),
        (409, v1(355, "Subscription already exists."), Refusal.SUBSCRIBED_ALREADY),
        (403, {"title": "Unsupported Authentication", "detail": "This kind of authentication is forbidden"},
         Refusal.WRONG_KIND_OF_KEY),
        (403, {"title": "Client Forbidden"}, Refusal.NOT_PERMITTED),
        (402, {"title": "CreditsDepleted"}, Refusal.NO_CREDITS),
        (429, {"title": "UsageCapExceeded"}, Refusal.CAP_REACHED),
        (418, {}, Refusal.OTHER),
        (401, "nothing", Refusal.WRONG_KEYS),
    ],
)  # fmt: skip
def test_each_documented_refusal(status: int, body: Any, meaning: Refusal) -> None:
    """v2 names it, v1.1 has a code or only words, and the status is the last resort."""
    assert refused(status, body) is meaning


@pytest.mark.parametrize(
    ("off", "meaning"), [(-600, Refusal.WRONG_CLOCK), (600, Refusal.WRONG_CLOCK), (5, Refusal.WRONG_KEYS)]
)
def test_a_clock_that_is_off(off: float, meaning: Refusal) -> None:
    """A 401 whose date is far from ours is about the clock, not about the keys."""
    assert refused(401, {}, {"date": formatdate(time.time() + off, usegmt=True)}) is meaning


def test_a_date_that_is_none() -> None:
    """Whatever X sends as its date, the refusal is told."""
    assert refused(401, {}, {"date": "yesterday"}) is Refusal.WRONG_KEYS
