"""X's limits: from its headers into the log, and out of it again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lambdas.x_limits import call_name, limit_fields, limits_in, newest_limits

HEADERS = {
    "x-rate-limit-limit": "100",
    "x-rate-limit-remaining": "87",
    "x-rate-limit-reset": "1000",
    "x-app-limit-24hour-limit": "10000",
    "x-app-limit-24hour-remaining": "0",
}


def test_a_call_is_named_without_the_ids_in_it() -> None:
    """So that all calls of a kind count as one; the version of the API stays."""
    assert call_name("GET", "/2/tweets/1234567890") == "GET /2/tweets/:id"
    path = "/2/account_activity/webhooks/123456/subscriptions/all/list"
    assert call_name("GET", path) == "GET /2/account_activity/webhooks/:id/subscriptions/all/list"
    assert call_name("POST", "/2/tweets") == "POST /2/tweets"


def test_headers_become_fields_and_fields_limits() -> None:
    """The quarter of an hour's and the day's, with what is left and until when."""
    quarter, day = limits_in("POST /2/tweets", limit_fields(HEADERS), 900.0)
    assert (quarter.span, quarter.allowed, quarter.left, quarter.reset) == ("15 minutes", 100, 87, 1000.0)
    assert (day.span, day.allowed, day.left, day.reset) == ("the app's day", 10_000, 0, None)


@given(st.dictionaries(st.sampled_from(sorted(HEADERS)), st.text()))
def test_headers_that_are_no_numbers_say_nothing(headers: dict[str, str]) -> None:
    """Whatever X, or what stands in for it, sends."""
    fields = limit_fields(headers)
    assert all(value >= 0 for value in fields.values())
    for limit in limits_in("x", {name: str(value) for name, value in fields.items()}, 0.0):
        assert limit.allowed >= 0


def test_only_the_newest_that_still_holds() -> None:
    """Of each call and span; a limit whose time is over is none."""
    first = {"call": "POST /2/tweets", **limit_fields(HEADERS)}
    second = first | {"x_rate_limit_remaining": "12"}
    assert [limit.left for limit in newest_limits([(2.0, second), (1.0, first)], 999.0)] == [12, 0]
    assert [limit.span for limit in newest_limits([(2.0, second)], 1001.0)] == ["the app's day"]
