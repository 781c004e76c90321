"""A post's trace, made of events and moments: how it ended, whichever platform they come from."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from twbot.cli.operations.traces.records import Span, spans_of_events, trace_of
from twbot.lambdas.contracts import Event
from twbot.lambdas.x.post_ids import is_id, posted_at, tweet_of

ID = "1585841080431321088"
TWITTER = {"TweetId": ID, "UserId": "5"}
RECEIVED = ("MESSAGE_RECEIVED", {"Text": "hi", "Author": "ann", "Summoned": True, "Twitter": TWITTER})
ANALYSED = ("MESSAGE_ANALYSED", {**RECEIVED[1], "Analysis": {}})
SEND = ("SEND_TWEET", {"Text": "yo", "ReplyToTweetId": ID, "ReplyToUserId": "5"})
SENT = ("TWEET_SENT", {"TweetId": "9", "Text": "yo", "ReplyToTweetId": ID, "ReplyToUserId": "5"})
REFUSED = ("TWEET_FAILED", {**SEND[1], "Reason": "NO_CREDITS", "Explanation": "none left"})
FAILED = ("ANALYSIS_FAILED", {"Error": "NothingFound", "Cause": "all failed", "Message": RECEIVED[1]})
RAW = ("TWITTER_TWEETED", {"tweet_create_events": [{"id_str": ID}]})
Said = tuple[str, dict[str, Any]]


def event(number: int, said: Said) -> Event:
    return Event(
        id=str(number), source="BOT", time=f"2026-11-01T10:00:0{number}.500Z", detail=said[1], detail_type=said[0]
    )


def delivery(state: str, *, name: str = "send-tweets", **more: Any) -> Span:
    at = event(1, RAW).time
    start = datetime.datetime.fromisoformat(at).timestamp()
    return Span(kind="delivery", name=name, start=start, end=start, state=state, error="oh", **more)


@pytest.mark.parametrize(
    ("said", "deliveries", "outcome", "words"),
    [
        ([RAW, RECEIVED, ANALYSED, SEND, SENT], [], "replied", "as 9, 4.00 s later"),
        ([RECEIVED, ANALYSED, SEND, SENT], [delivery("dead", letter="7")], "replied", "as 9"),
        ([RECEIVED, ANALYSED, SEND], [delivery("dead", letter="7")], "dead-letter", "twbot dlq redrive 7 --stage prod"),
        ([RECEIVED, ANALYSED, SEND], [delivery("dead")], "dead-letter", "twbot dlq list --stage prod"),
        ([RECEIVED, ANALYSED, SEND, REFUSED], [], "refused", "NO_CREDITS: none left"),
        ([RECEIVED, ANALYSED, SEND], [delivery("waiting", attempts=3)], "waiting", "3 attempts so far. oh"),
        ([RECEIVED, FAILED], [], "analysis-failed", "NothingFound: all failed"),
        ([RECEIVED], [delivery("failed")], "analysis-failed", "without a result: oh"),
        ([RECEIVED], [], "no-reply", f"twbot logs --tweet {ID} --stage prod"),
        ([RECEIVED, ANALYSED], [], "no-reply", "wrote no reply"),
        ([RECEIVED, ANALYSED, SEND], [], "no-reply", "not posted"),
        ([RAW], [], "nothing-to-do", "says nothing to the bot"),
        ([RECEIVED, (ANALYSED[0], ANALYSED[1] | {"Summoned": False})], [], "nothing-to-do", "neither mentions"),
        (
            [RECEIVED, (ANALYSED[0], ANALYSED[1] | {"Summoned": False})],
            [delivery("waiting", name="keep-every-event")],
            "nothing-to-do",
            "neither mentions",
        ),
        ([RECEIVED, (ANALYSED[0], ANALYSED[1] | {"ReplayName": "r"})], [], "no-reply", "by a replay"),
    ],
)
def test_says_how_it_ended(said: list[Said], deliveries: list[Span], outcome: str, words: str) -> None:
    """The best that happened, else what is in the way, with the command to type for that stage."""
    events = [event(number, each) for number, each in enumerate(said)]
    found = trace_of(ID, events, [*deliveries, *spans_of_events(events)], option=" --stage prod")
    assert found is not None
    assert found.outcome == outcome
    assert words in found.why
    assert [each.start for each in found.moments] == sorted(each.start for each in found.moments)


def test_nothing_heard_is_no_trace() -> None:
    """Whatever else there may be."""
    assert trace_of(ID, [], [delivery("dead")]) is None


@given(some.integers(0, 2**63 - 1))
def test_ids_tell_when(number: int) -> None:
    """X's ids never look into the future of a later one."""
    assert is_id(str(number))
    assert posted_at(str(number)) <= posted_at(str(min(2**63 - 1, number + 2**22)))


def test_the_time_of_a_known_post() -> None:
    """To the millisecond."""
    assert posted_at(ID) == datetime.datetime(2022, 10, 28, 3, 49, 11, 734000, datetime.UTC)


@given(some.text())
def test_only_digits_are_ids(text: str) -> None:
    """So that what passes can stand in a query."""
    assert is_id(text) <= (text != "" and set(text) <= set("0123456789") and len(text) < 20)


@pytest.mark.parametrize("hostile", ['1" || "2', "１２", "", "-1", "9" * 19, "1 2", "0x1"])
def test_what_is_no_id(hostile: str) -> None:
    """Quotes, other scripts' digits, more than X's numbers hold."""
    assert not is_id(hostile)


@pytest.mark.parametrize("said", [RECEIVED, SEND, SENT, FAILED, RAW, ("X", {"data": {"payload": {"id": ID}}})])
def test_every_event_names_its_post(said: Said) -> None:
    """Ours, and those of either generation of X."""
    assert tweet_of(event(1, said)) == ID
