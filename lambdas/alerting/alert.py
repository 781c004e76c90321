"""An alert: what is known of a negative message, as a plain https subscriber gets it in JSON."""

from __future__ import annotations

import datetime

import msgspec

from twbot.lambdas.alerting.template import SUBJECT, body
from twbot.lambdas.contracts import Event, MessageAnalysed, read


class Alert(msgspec.Struct, frozen=True):
    """`negative` is how sure the analysis was, 0 to 1; `posted` whether a subscriber has it, where we can know."""

    tweet_id: str
    time: str
    author: str
    text: str
    negative: float | None
    subject: str
    body: str
    posted: bool = False

    @property
    def link(self) -> str | None:
        """The post on X; none for a test."""
        known = self.tweet_id.isascii() and self.tweet_id.isdecimal() and self.tweet_id != "0"
        return f"https://x.com/i/status/{self.tweet_id}" if known else None

    @property
    def source(self) -> str:
        """Who said it, and how sure the analysis was, in a line."""
        return f"@{self.author}" + ("" if self.negative is None else f", how sure: {self.negative:.0%}")


def alert_for(event: Event) -> Alert:
    """The alert that a MESSAGE_ANALYSED makes. Raises BadEvent."""
    message = read(event.detail, MessageAnalysed)
    return Alert(
        tweet_id=message.twitter.tweet_id,
        time=event.time,
        author=message.author,
        text=message.text,
        negative=(message.analysis.sentiment_score or {}).get("Negative"),
        subject=SUBJECT,
        body=body(event),
    )


def sample_alert(at: datetime.datetime) -> Alert:
    """The alert that `twbot alerts test` sends."""
    words = "This is a test: somebody typed `twbot alerts test`."
    time = at.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Alert("0", time, "twbot", words, None, f"Test: {SUBJECT}", words)
