"""An alert about a negative message. Plain https subscribers get this record as JSON."""

from __future__ import annotations

import datetime

import msgspec

from twbot.lambdas.alerting.template import SUBJECT, body
from twbot.lambdas.contracts import Event, MessageAnalysed, read


class Alert(msgspec.Struct, frozen=True):
    """An alert about one message."""

    tweet_id: str
    """Id of the post; "0" in a test."""
    time: str
    """UTC in ISO 8601."""
    author: str
    text: str
    negative: float | None
    """Confidence of the analysis that the message is negative, 0 to 1."""
    subject: str
    body: str
    posted: bool = False
    """Whether a subscriber has received it, where that is known."""

    @property
    def link(self) -> str | None:
        """Return the address of the post on X; None for a test."""
        known = self.tweet_id.isascii() and self.tweet_id.isdecimal() and self.tweet_id != "0"
        return f"https://x.com/i/status/{self.tweet_id}" if known else None

    @property
    def source(self) -> str:
        """Return one line with the author and the confidence of the analysis."""
        return f"@{self.author}" + ("" if self.negative is None else f", how sure: {self.negative:.0%}")


def alert_for(event: Event) -> Alert:
    """Return the alert about a MESSAGE_ANALYSED. Raises BadEvent."""
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
    """Return the alert that `twbot alerts test` sends."""
    words = "This is a test: somebody typed `twbot alerts test`."
    time = at.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Alert("0", time, "twbot", words, None, f"Test: {SUBJECT}", words)
