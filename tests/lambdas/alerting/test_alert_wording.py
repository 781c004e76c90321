"""What an alert says."""

from __future__ import annotations

import string

from twbot.lambdas.alerting.template import PATHS, TEMPLATE, body
from twbot.lambdas.contracts import Event

DETAIL: dict[str, object] = {
    "Text": "I hate {this} <b>",
    "Author": "alice",
    "Twitter": {"TweetId": "12", "UserId": "7"},
    "Analysis": {"TextSentiment": "NEGATIVE", "SentimentScore": {"Negative": 0.93}},
}


def event(detail: dict[str, object]) -> Event:
    return Event(id="1", source="BOT", time="2026-11-23T10:00:00Z", detail=detail, detail_type="MESSAGE_ANALYSED")


def test_an_alert_says_who_said_what_and_where() -> None:
    """Author, score, text as it was written, and the link to the post."""
    assert body(event(DETAIL)) == (
        "Negative message from @alice (how sure: 0.93) at 2026-11-23T10:00:00Z:\n\n"
        "I hate {this} <b>\n\nhttps://x.com/i/status/12"
    )


def test_what_is_missing_is_left_empty() -> None:
    """As EventBridge's input transformer does it: an alert without a score is an alert."""
    assert "(how sure: )" in body(event({**DETAIL, "Analysis": {}}))


def test_every_word_of_the_template_has_its_path() -> None:
    """And the other way round: the transformer on AWS is made of both."""
    assert {name for _, name, _, _ in string.Formatter().parse(TEMPLATE) if name} == set(PATHS)
