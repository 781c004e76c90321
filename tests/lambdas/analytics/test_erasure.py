"""Which events tell of a post, and what is left of a file without them."""

from __future__ import annotations

import base64
import datetime
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import EVENTS
from twbot.lambdas.analytics.erasure import first_hour, is_about, remove_lines, reply_id
from twbot.lambdas.analytics.lines import line_of
from twbot.lambdas.contracts import Event

POST, QUOTED = "2080765813578191305", "2080765813578191000"


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / name).read_text())
    return found


def post_in(body: dict[str, Any]) -> str:
    data = body.get("data", {})
    return str(data["payload"]["id"] if data else body["tweet_create_events"][0]["id_str"])


@pytest.mark.parametrize("name", sorted(str(path.relative_to(EVENTS)) for path in EVENTS.glob("*/*tweet_create*.json")))
def test_what_x_sent_about_a_post(name: str) -> None:
    """Either way that its id is written; another post's event does not tell of it."""
    body = recorded(name)
    assert is_about(body, post_in(body))
    assert not is_about(body, "12345")
    assert not is_about(body, post_in(body)[:-1])


@pytest.mark.parametrize("name", ["post.create.json", "post.mention.create.json", "post.delete.json"])
def test_what_the_activity_api_sent_about_a_post(name: str) -> None:
    """And the notice that it was deleted."""
    body = recorded(f"x_activity/{name}")
    assert is_about(body, post_in(body))
    assert is_about(recorded("account_activity/tweet_delete_events.json"), _deleted())


def _deleted() -> str:
    return str(recorded("account_activity/tweet_delete_events.json")["tweet_delete_events"][0]["status"]["id"])


@pytest.mark.parametrize(
    "name", ["account_activity/tweet_create_events.quote.json", "x_activity/post.quote.create.json"]
)
def test_a_quoted_post_is_in_the_quote_s_event(name: str) -> None:
    """With its words: that event tells of both."""
    assert is_about(recorded(name), QUOTED)


@pytest.mark.parametrize(
    "detail",
    [
        {"Twitter": {"TweetId": POST, "UserId": "1"}, "Text": "hi"},
        {"ReplyToTweetId": POST, "Text": "hello"},
        {"TweetId": POST, "ReplyToTweetId": "5"},
        {"Message": {"Twitter": {"TweetId": POST}}},
    ],
)
def test_our_events_about_a_post(detail: dict[str, Any]) -> None:
    """Each of ours names it in its own place."""
    assert is_about(detail, POST)


@pytest.mark.parametrize(
    "detail",
    [
        {"Twitter": {"TweetId": "5", "UserId": POST}},
        {"tweet_create_events": [{"id_str": "5", "in_reply_to_status_id_str": POST, "text": "a reply"}]},
        {"data": {"payload": {"id": "5", "text": "x", "referenced_tweets": [{"type": "replied_to", "id": POST}]}}},
        {"data": {"payload": {"id": "abc", "liked_tweet_id": POST}}},
        {"Text": f"look at {POST}"},
        None,
        [],
        "x",
    ],
)
def test_a_mere_number_is_no_content(detail: Any) -> None:
    """What others wrote in answer is theirs."""
    assert not is_about(detail, POST)


def test_the_reply_is_known_by_what_was_sent() -> None:
    """So that somebody can delete it on X."""
    assert reply_id({"TweetId": "9", "ReplyToTweetId": POST}, POST) == "9"
    assert reply_id({"TweetId": None, "ReplyToTweetId": POST}, POST) is None
    assert reply_id({"TweetId": "9", "ReplyToTweetId": "5"}, POST) is None


def line(detail: Any) -> bytes:
    return msgspec.json.encode({"id": "e", "detail": detail}) + b"\n"


def test_a_file_without_the_post() -> None:
    """Broken lines with its number go, too; what Firehose could not deliver is looked into; the rest stays."""
    ours, other = line({"Twitter": {"TweetId": POST}}), line({"Text": f"{POST}"})
    broken, longer = b'{"detail": {"TweetId": "' + POST.encode() + b"\n", b'{"x": "' + POST.encode() + b"7\n"
    failed = msgspec.json.encode({"errorCode": "x", "rawData": base64.b64encode(ours).decode()}) + b"\n"
    sent = line({"TweetId": "9", "ReplyToTweetId": POST})
    rest, gone = remove_lines(ours + other + broken + longer + failed + sent, POST)
    assert rest == other + longer
    assert (gone.events, gone.replies) == (4, frozenset({"9"}))


_DETAILS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "text", "a"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(_DETAILS, max_size=6), st.integers(0, 6))
def test_nothing_else_is_lost(details: list[Any], at: int) -> None:
    """Whatever stands around it; a second time nothing is left to remove."""
    others = [each for each in details if not is_about(each, POST)]
    lines = [line(each) for each in others]
    whole = b"".join([*lines[:at], line({"id": POST, "text": "x"}), *lines[at:]])
    rest, gone = remove_lines(whole, POST)
    assert (rest, gone.events) == (b"".join(lines), 1)
    assert remove_lines(rest, POST) == (rest, type(gone)())


def test_the_id_says_since_when() -> None:
    """An hour before it was made, for clocks that differ; early ids say nothing."""
    made = datetime.datetime(2026, 7, 24, 20, 23, tzinfo=datetime.UTC)
    assert first_hour(POST) == made.strftime("%Y/%m/%d/%H")
    assert first_hour("20") == ""
    assert first_hour("9" * 19)


def test_a_message_that_quotes_the_post_goes_with_it() -> None:
    """Its Thread has the post's words."""
    thread = [{"TweetId": "1", "Author": "a", "Text": "b"}, {"TweetId": POST, "Author": "a", "Text": "b"}]
    message = {"Twitter": {"TweetId": "7", "UserId": "8"}, "Text": "look", "Thread": thread}
    assert is_about(message, POST)
    assert not is_about({**message, "Thread": thread[:1]}, POST)
    assert not is_about({**message, "Thread": "odd"}, POST)


@pytest.mark.parametrize(
    "detail",
    [
        {"Post": POST},
        {"Text": int(POST)},
        {"Ticket": {"About": [{"id": int(POST)}]}},
        {"TweetId": POST},
        {"Twitter": {"TweetId": POST}},
    ],
)
def test_an_own_event_goes_with_the_post_that_it_names(detail: dict[str, Any]) -> None:
    """Wherever the id stands: its shape is the user's. Within a longer text or number it is none."""
    assert is_about(detail, POST, kind="CRM_TICKET_OPENED")
    assert not is_about({"Post": f"see {POST}", "n": int(POST + "1")}, POST, kind="CRM_TICKET_OPENED")
    own = msgspec.json.encode({"id": "e", "detail-type": "CRM_TICKET_OPENED", "detail": detail}) + b"\n"
    assert remove_lines(own, POST)[0] == b""
    event = Event(id="e", source="BOT", time="2026-11-23T10:00:00Z", detail=detail, detail_type="CRM_TICKET_OPENED")
    assert remove_lines(line_of(event) + b"\n", POST)[0] == b""
