"""One post from webhook to reply, put together from the bus's history, the log and the alerts."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from lambdas.contracts import Event
from local.alerts import kept_alert
from local.history import DeliveryRecord, History
from local.home import Home
from local.logs import lines_of

Kind = Literal["event", "delivery", "step", "alert"]
Outcome = Literal["replied", "refused", "analysis-failed", "dead-letter", "waiting", "nothing-to-do", "no-reply"]


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened; times are epoch seconds. `event`: a delivery's event type; `note` is for people."""

    kind: Kind
    name: str
    start: float
    end: float
    attempts: int = 1
    state: str = "done"
    error: str | None = None
    event: str | None = None
    note: str = ""


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """`outcome` and `why`: how it ended, or where it stopped."""

    tweet_id: str
    outcome: Outcome
    why: str
    author: str | None
    text: str | None
    reply_id: str | None
    moments: list[Moment]


def trace_of(folder: Path, tweet_id: str) -> Trace | None:
    """None where the bot has heard nothing of the post."""
    home = Home(folder)
    with History(home.bus) as history:
        events = list(history.events(tweet_id=tweet_id, replayed=True))
        deliveries = history.deliveries_of_tweet(tweet_id)
    if not events:
        return None
    moments = [*_events(events), *_deliveries(deliveries), *_steps(home, tweet_id), *_alerts(home, tweet_id)]
    message = next((e.detail for e in events if e.detail_type in {"MESSAGE_RECEIVED", "MESSAGE_ANALYSED"}), {})
    outcome, why = _outcome(events, deliveries)
    sent = _last(events, "TWEET_SENT")
    return Trace(
        tweet_id=tweet_id,
        outcome=outcome,
        why=why,
        author=message.get("Author"),
        text=message.get("Text"),
        reply_id=sent.detail.get("TweetId") if sent else None,
        moments=sorted(moments, key=lambda each: each.start),
    )


def _events(events: list[Event]) -> Iterator[Moment]:
    for event in events:
        at = _epoch(event.time)
        replay = event.replay_name or event.detail.get("ReplayName")
        yield Moment(kind="event", name=event.detail_type, start=at, end=at, note=f"replay {replay}" if replay else "")


def _deliveries(deliveries: list[DeliveryRecord]) -> Iterator[Moment]:
    for each in deliveries:
        start = each.first_try or each.due
        end = each.ended or each.last_try or start
        yield Moment(
            kind="delivery",
            name=each.rule,
            event=each.detail_type,
            start=start,
            end=max(start, end),
            attempts=each.attempts,
            state=each.state,
            error=each.error if each.state != "done" else None,
            note=each.state if each.state != "done" else "",
        )


class _Step(NamedTuple):
    """As the engine logs local.workflow's Visit."""

    path: str
    type: str
    start: float
    end: float
    attempts: int
    error: str | None


def _steps(home: Home, tweet_id: str) -> Iterator[Moment]:
    for line in lines_of(home.log, tweet_id):
        if line.get("logger") == "twbot.analysis" and "steps" in line:
            for step in msgspec.convert(line["steps"], list[_Step]):
                moment = Moment(kind="step", name=step.path, start=step.start, end=step.end, error=step.error)
                yield msgspec.structs.replace(moment, attempts=step.attempts)


def _alerts(home: Home, tweet_id: str) -> Iterator[Moment]:
    if (alert := kept_alert(home.alerts, tweet_id)) is not None:
        at = _epoch(alert.time)
        yield Moment(kind="alert", name="alert", start=at, end=at, note=f"{alert.subject}{' (posted)' * alert.posted}")


def _outcome(events: list[Event], deliveries: list[DeliveryRecord]) -> tuple[Outcome, str]:
    """The best that has happened, else the first thing that is in the way."""
    if sent := _last(events, "TWEET_SENT"):
        seconds = _epoch(sent.time) - _epoch(events[0].time)
        return "replied", f"as {sent.detail.get('TweetId') or 'X already had it'}, {seconds:.2f} s after it came."
    if dead := next((each for each in deliveries if each.state == "dead"), None):
        return "dead-letter", f"{dead.rule} gave up: {dead.error}. Deliver it again: twbot dlq redrive {dead.id}"
    if failed := _last(events, "TWEET_FAILED"):
        return "refused", f"{failed.detail['Reason']}: {failed.detail['Explanation']}"
    if waits := next((each for each in deliveries if each.state == "waiting"), None):
        return "waiting", f"at {waits.rule}, {waits.attempts} attempts so far. {waits.error or ''}".rstrip()
    if failed := _last(events, "ANALYSIS_FAILED"):
        return "analysis-failed", f"{failed.detail['Error']}: {failed.detail['Cause']}"
    return _unanswered(events)


def _unanswered(events: list[Event]) -> tuple[Outcome, str]:
    analysed: dict[str, Any] = getattr(_last(events, "MESSAGE_ANALYSED"), "detail", {})
    if not _last(events, "MESSAGE_RECEIVED"):
        return "nothing-to-do", "it says nothing to the bot: its own post, a repost, or not a post at all."
    if not analysed:
        return "no-reply", "it was received, and never analysed. See: twbot logs"
    if not analysed.get("Summoned"):
        return "nothing-to-do", "it neither mentions nor quotes the bot, and X lets a bot answer only then."
    if _last(events, "SEND_TWEET"):
        return "no-reply", "a reply was written, and not posted: a replay does not tweet."
    if analysed.get("ReplayName"):
        return "no-reply", "it came by a replay, which is not answered without --with-replies."
    return "no-reply", "the rule that took it wrote no reply: are replies switched off in twbot.toml?"


def _last(events: list[Event], detail_type: str) -> Event | None:
    return next((event for event in reversed(events) if event.detail_type == detail_type), None)


def _epoch(time: str) -> float:
    return datetime.datetime.fromisoformat(time).timestamp()
