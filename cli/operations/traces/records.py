"""The trace of a post from webhook to reply, as spans, and its outcome. Both platforms return these records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import msgspec

from twbot.lambdas.contracts import Event, epoch

Kind = Literal["event", "delivery", "step", "alert", "log"]
# The rules that take every event. What they did with one says something only where it failed.
OF_EVERY_EVENT = ("log-every-event", "keep-every-event")
Outcome = Literal[
    "replied", "refused", "withheld", "analysis-failed", "dead-letter", "waiting", "nothing-to-do", "no-reply"
]


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a post: an event, a delivery, a step, an alert, or a line of a log."""

    kind: Kind
    name: str
    """The type of an event, the rule of a delivery, the path of a step, the function of a line."""
    start: float
    """Epoch seconds."""
    end: float
    """Epoch seconds."""
    attempts: int = 1
    state: str = "done"
    """Of a delivery: `waiting`, `done`, `dead`, or `failed` where nothing is left to deliver again. Of a line: `failed`
    where it may be the reason why a reply is missing."""
    error: str | None = None
    event: str | None = None
    """The type of the event that was delivered."""
    letter: str | None = None
    """The id of the dead letter that a delivery became."""
    note: str = ""
    """A remark for people."""
    type: str | None = None
    """Of a step: the state's Type, such as Task or Choice."""
    replay: str | None = None
    """The name of the replay that led to it; None in the first life of the post."""


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """The way of a post through the bot."""

    tweet_id: str
    outcome: Outcome
    """How it ended, or where it stopped."""
    why: str
    """The outcome in words, with the next command to type."""
    author: str | None
    text: str | None
    reply_id: str | None
    """The id of the bot's reply."""
    moments: list[Span]
    """The spans of all lives, in the order of their starts."""
    replays: list[str] = []
    """The names of the replays that the post came by, too, the first one first."""


def trace_of(
    tweet_id: str,
    events: Sequence[Event],
    moments: Iterable[Span],
    *,
    replays: Sequence[str] = (),
    option: str = "",
) -> Trace | None:
    """Return the trace; None without an event.

    `option`: the options that make a hint's command about the same bot.
    """
    if not events:
        return None
    ordered = sorted(moments, key=lambda each: each.start)
    # The last one: a later event of a post knows more.
    messages = [e.detail for e in events if e.detail_type in {"MESSAGE_RECEIVED", "MESSAGE_ANALYSED"}]
    message = messages[-1] if messages else {}
    outcome, why = _outcome(tweet_id, events, ordered, option)
    sent = last(events, "TWEET_SENT")
    return Trace(
        tweet_id=tweet_id,
        outcome=outcome,
        why=why,
        author=message.get("Author"),
        text=message.get("Text"),
        reply_id=sent.detail.get("TweetId") if sent else None,
        moments=ordered,
        replays=[*replays],
    )


def spans_of_events(events: Iterable[Event]) -> Iterator[Span]:
    """Yield a span for each event."""
    for event in events:
        at = epoch(event.time)
        replay = event.replay_name or event.detail.get("ReplayName")
        note = f"replay {replay}" if replay else ""
        yield Span(kind="event", name=event.detail_type, start=at, end=at, note=note, replay=replay)


def last(events: Sequence[Event], detail_type: str) -> Event | None:
    """Return the last event of a type."""
    return next((event for event in reversed(events) if event.detail_type == detail_type), None)


def _outcome(tweet_id: str, events: Sequence[Event], moments: list[Span], option: str) -> tuple[Outcome, str]:
    """Return the outcome and its reason: a reply where there is one, else the first obstacle on the way to it."""
    deliveries = [each for each in reversed(moments) if each.kind == "delivery"]
    # Every event waits a moment to be logged and stored: that keeps no post from its answer.
    states = {each.state: each for each in deliveries if each.state != "waiting" or each.name not in OF_EVERY_EVENT}
    if sent := last(events, "TWEET_SENT"):
        return "replied", f"as {sent.detail.get('TweetId') or 'X already had it'}, {_between(events[0], sent)} later."
    if dead := states.get("dead"):
        again = f"Deliver it again: twbot dlq redrive {dead.letter}" if dead.letter else "See: twbot dlq list"
        return "dead-letter", f"{dead.name} gave up: {dead.error}. {again}{option}"
    if failed := last(events, "TWEET_FAILED"):
        return "refused", f"{failed.detail['Reason']}: {failed.detail['Explanation']}"
    if withheld := last(events, "TWEET_WITHHELD"):
        return "withheld", f"{withheld.detail['Explanation']} See: twbot replies status{option}"
    if waits := states.get("waiting"):
        return "waiting", f"at {waits.name}, {waits.attempts} attempts so far. {waits.error or ''}".rstrip()
    if failed := last(events, "ANALYSIS_FAILED"):
        return "analysis-failed", f"{failed.detail['Error']}: {failed.detail['Cause']}"
    if (lost := states.get("failed")) and not last(events, "MESSAGE_ANALYSED"):
        return "analysis-failed", f"{lost.name} ended without a result: {lost.error}"
    if suspect := next((each for each in moments if each.kind == "log" and each.state == "failed"), None):
        return "no-reply", f"something went wrong in {suspect.name}: {suspect.error}"
    return _unanswered(tweet_id, events, option)


def _between(first: Event, then: Event) -> str:
    """Return the time between two events in words: about how long, where EventBridge rounds their times to seconds."""
    seconds = epoch(then.time) - epoch(first.time)
    return f"{seconds:.2f} s" if "." in first.time and "." in then.time else f"about {seconds:.0f} s"


def _unanswered(tweet_id: str, events: Sequence[Event], option: str) -> tuple[Outcome, str]:
    analysed: dict[str, Any] = getattr(last(events, "MESSAGE_ANALYSED"), "detail", {})
    if not last(events, "MESSAGE_RECEIVED"):
        if last(events, "POST_INCOMPLETE"):
            return "no-reply", f"X is asked for what it left out of it. See: twbot logs --tweet {tweet_id}{option}"
        return "nothing-to-do", "it says nothing to the bot: its own post, a repost, or not a post at all."
    if not analysed:
        return "no-reply", f"it was received, and never analysed. See: twbot logs --tweet {tweet_id}{option}"
    if not analysed.get("Summoned"):
        return "nothing-to-do", "it neither mentions nor quotes the bot, and X lets a bot answer only then."
    if last(events, "SEND_TWEET"):
        return "no-reply", "a reply was written, and not posted: a replay does not tweet."
    if analysed.get("ReplayName"):
        return "no-reply", "it came by a replay, which is not answered without --with-replies."
    return "no-reply", "the rule that took it wrote no reply: are replies switched off in twbot.toml?"
