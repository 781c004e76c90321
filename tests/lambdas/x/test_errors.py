"""X's failures are told apart."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.lambdas.errors import TwbotError, XRefused, XUnavailable
from twbot.lambdas.x.errors import Reason, classify, retry_at

PROBLEMS = "https://api.x.com/2/problems/"
OLD_PROBLEMS = "https://api.twitter.com/2/problems/"
FORBIDDEN = {"type": "about:blank", "title": "Forbidden", "status": 403}

REFUSALS: list[tuple[int, Any, Reason]] = [
    (403, {**FORBIDDEN, "detail": "You are not allowed to create a Tweet with duplicate content."}, Reason.DUPLICATE),
    (403, {"errors": [{"code": 187, "message": "Status is a duplicate."}]}, Reason.DUPLICATE),
    (
        403,
        {
            **FORBIDDEN,
            "detail": "You can only reply to or quote posts where you are mentioned or are the author.",
        },
        Reason.NOT_SUMMONED,
    ),
    (
        403,
        {
            **FORBIDDEN,
            "detail": "Reply to this conversation is not allowed because you have not been mentioned or otherwise "
            "engaged by the author",
        },
        Reason.NOT_SUMMONED,
    ),
    (403, {"errors": [{"code": 433, "message": "The original Tweet author restricted who can reply to this Tweet."}]},
     Reason.REPLY_RESTRICTED),
    (403, {"errors": [{"code": 385, "message": "You attempted to reply to a Tweet that is deleted or not visible."}]},
     Reason.POST_GONE),
    (400, {"detail": "You attempted to reply to a Tweet that is deleted or not visible to you.",
           "type": PROBLEMS + "invalid-request"}, Reason.POST_GONE),
    (404, {"type": PROBLEMS + "resource-not-found", "title": "Not Found Error"}, Reason.POST_GONE),
    (429, {"title": "UsageCapExceeded", "detail": "Usage cap exceeded: Monthly product cap",
           "type": OLD_PROBLEMS + "usage-capped", "account_id": 1}, Reason.CAP_REACHED),
    (402, {"title": "CreditsDepleted", "type": PROBLEMS + "credits"}, Reason.NO_CREDITS),
    (402, b"", Reason.NO_CREDITS),
    (401, {"title": "Unauthorized", "type": "about:blank", "status": 401}, Reason.BAD_KEYS),
    (401, {"errors": [{"code": 89, "message": "Invalid or expired token."}]}, Reason.BAD_KEYS),
    (403, {"type": PROBLEMS + "client-forbidden", "title": "Client Forbidden"}, Reason.FORBIDDEN),
    (403, {"type": PROBLEMS + "not-authorized-for-resource"}, Reason.REPLY_RESTRICTED),
    (400, {"type": OLD_PROBLEMS + "invalid-request", "errors": [{"message": "text: too long"}]}, Reason.INVALID),
    (422, b"<html>", Reason.INVALID),
    (200, {"errors": [{"type": PROBLEMS + "resource-not-found", "detail": "gone"}]}, Reason.POST_GONE),
]  # fmt: skip


def failure(status: int, body: Any, headers: dict[str, str] | None = None) -> TwbotError:
    return classify(status, headers or {}, body if isinstance(body, bytes) else msgspec.json.encode(body))


@pytest.mark.parametrize(("status", "body", "reason"), REFUSALS)
def test_each_refusal_has_its_reason(status: int, body: Any, reason: Reason) -> None:
    """What X will never do is refused with the reason that an operator can act on, whatever shape the body has."""
    error = failure(status, body)
    assert isinstance(error, XRefused)
    assert (error.reason, error.status) == (reason, status)


@pytest.mark.parametrize("status", [302, 408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(status: int) -> None:
    """Limits, time-outs and X's own troubles are for another try, a redirect is nobody's post."""
    assert isinstance(failure(status, {"title": "Something"}), XUnavailable)


def test_a_rate_limit_waits_for_its_reset() -> None:
    """A 429 says when to come back; the day's limit, where that is the one used up, before the quarter hour's."""
    soon, tomorrow = str(int(time.time()) + 600), str(int(time.time()) + 80_000)
    quarter = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": soon}
    day = {"x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": tomorrow}
    error = failure(429, {"title": "Too Many Requests"}, quarter)
    assert isinstance(error, XUnavailable)
    assert error.retry_at == float(soon)
    assert retry_at(429, {"x-rate-limit-reset": soon}) == float(soon)
    assert retry_at(429, {**quarter, **day}) == float(tomorrow)
    assert retry_at(429, {**quarter, **day, "x-user-limit-24hour-remaining": "5"}) == float(soon)


@pytest.mark.parametrize("reset", ["", "never", "-1", "1e300", "99999999999", "nan"])
def test_a_nonsense_reset_is_not_believed(reset: str) -> None:
    """Nobody waits for years because a header was wrong."""
    assert retry_at(429, {"x-rate-limit-reset": reset}) is None


@given(status=st.integers(100, 599), body=st.binary(max_size=200))
def test_any_answer_becomes_one_of_the_two(status: int, body: bytes) -> None:
    """Whatever comes back, the result is a refusal or a later try, said in one printable line."""
    error = classify(status, {}, body)
    assert isinstance(error, XRefused | XUnavailable)
    assert str(error).isprintable()
    assert len(str(error)) < 260


@given(
    document=st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["errors", "type", "title", "code", "detail", "message"]), inner, max_size=5
            )
        ),
    )
)
def test_any_json_becomes_one_of_the_two(document: Any) -> None:
    """A body with the right names and wrong types does not trip the classification."""
    assert isinstance(failure(403, document), XRefused)


def test_a_service_that_is_down_is_not_a_limit_that_is_used_up() -> None:
    """X sends the limit's headers with every answer: a 503 is tried again soon, not at the next quarter of an hour."""
    soon = str(int(time.time()) + 900)
    assert retry_at(503, {"x-rate-limit-remaining": "99", "x-rate-limit-reset": soon}) is None
    assert retry_at(503, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": soon}) == float(soon)
