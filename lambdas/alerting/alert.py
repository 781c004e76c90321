"""An alert about a post. Plain https subscribers of `local` get this record as JSON."""

from __future__ import annotations

import datetime

import msgspec

from twbot.lambdas.alerting.template import author_of, body, is_negative, shown_author, subject
from twbot.lambdas.contracts import Event, MessageAnalysed, read
from twbot.lambdas.wording import say


class Alert(msgspec.Struct, frozen=True):
    """An alert about one post, in all its versions."""

    tweet_id: str
    """Id of the post, of an edited one the first version's; "0" in a test."""
    time: str
    """UTC in ISO 8601."""
    author: str
    """Username of the author, without @; "user 123" where X named only the id."""
    text: str
    negative: float | None
    """Confidence of the analysis that the message is negative, 0 to 1; null where it is not negative."""
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
    def shown_author(self) -> str:
        """Return "@alice"; "user 123" where X named only the id."""
        return shown_author(self.author)

    @property
    def source(self) -> str:
        """Return one line with the author and the confidence of the analysis."""
        author = self.shown_author
        return author if self.negative is None else say("alert-sure", author=author, percent=f"{self.negative:.0%}")


def alert_for(event: Event) -> Alert:
    """Return the alert about a MESSAGE_ANALYSED. Raises BadEvent."""
    message = read(event.detail, MessageAnalysed)
    return Alert(
        tweet_id=message.twitter.chain,
        time=event.time,
        author=author_of(message),
        text=message.text,
        negative=(message.analysis.sentiment_score or {}).get("Negative") if is_negative(message) else None,
        subject=subject(message),
        body=body(message, event.time),
    )


def replay_of(event: Event) -> str | None:
    """Return the name of the replay that delivers or caused the event; None where none did."""
    return event.replay_name or event.detail.get("ReplayName")


def sample_alert(at: datetime.datetime) -> Alert:
    """Return the alert that `twbot alerts test` sends."""
    words = "This is a test: somebody typed `twbot alerts test`."
    time = at.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Alert("0", time, "twbot", words, None, f"Test: {say('alert-subject')}", words)
