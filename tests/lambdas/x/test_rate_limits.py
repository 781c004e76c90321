"""X's limits: from its headers into the log, and out of it again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.kept_keys import Kept
from tests.support.loopback import Answer, answering
from twbot.lambdas.errors import XUnavailable
from twbot.lambdas.x.api import XApi
from twbot.lambdas.x.rate_limits import ANSWERED, call_name, limit_fields, limits_in, newest_limits
from twbot.lambdas.x.webhooks_and_subscriptions import XManagement

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


def test_each_answer_of_x_leaves_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """With the call and its limits, also where X refuses; nothing of what was sent."""
    refused = Answer(429, {"title": "Too Many Requests"}, HEADERS)
    with answering(Answer(201, {"data": {"id": "99"}}, HEADERS), refused) as x, caplog.at_level("INFO"):
        api = XApi(Kept(), base_url=x.url)
        api.reply("a private joke", to_tweet_id="1")
        with pytest.raises(XUnavailable):
            api.reply("a private joke", to_tweet_id="1")
    lines = [vars(record) for record in caplog.records if record.getMessage() == ANSWERED]
    assert [(line["call"], line["status"]) for line in lines] == [("POST /2/tweets", 201), ("POST /2/tweets", 429)]
    assert [limit.left for limit in newest_limits([(1.0, lines[0])], 2.0)] == [87, 0]
    assert "joke" not in str(lines)


def test_what_x_says_of_usage_and_limits_of_the_calls_that_set_it_up() -> None:
    """As X's numbers are: strings."""
    usage = {"data": {"project_usage": "12", "project_cap": "100", "cap_reset_day": 3, "project_id": "1"}}
    with answering(Answer(200, usage, HEADERS)) as x:
        manage = XManagement(Kept(), base_url=x.url)
        assert manage.limits() == []
        found = manage.usage()
        assert (found.project_usage, found.project_cap, found.cap_reset_day) == ("12", "100", 3)
        assert {limit.call for limit in manage.limits()} == {"GET /2/usage/tweets"}
