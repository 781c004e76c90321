"""The trace of a post through this machine's bot, from the history of its bus, its log and its alerts."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from twbot.cli.operations.traces.conversations import (
    BEGINNINGS,
    BadCursor,
    Conversation,
    Conversations,
    conversation_of,
)
from twbot.cli.operations.traces.lives import begins_of, lived
from twbot.cli.operations.traces.records import Span, Trace, spans_of_events, trace_of
from twbot.lambdas.contracts import Event, epoch
from twbot.local.adapters.alerts import stored_alert
from twbot.local.bus.history import DeliveryRecord, History
from twbot.local.data_folder import DataFolder, data_option
from twbot.local.server.log_files import lines_of


class LocalTraces:
    """The traces of a data folder, also while the bot runs. Raises StorageError."""

    def __init__(self, folder: Path) -> None:
        self._home = DataFolder(folder)

    def of(
        self, tweet_id: str, *, since: datetime.datetime | None = None, until: datetime.datetime | None = None
    ) -> Trace | None:
        """Return the trace from `since` on, before `until`; None where the bot has no event about the post then."""
        with History(self._home.bus) as history:
            events = list(history.events(tweet_id=tweet_id, replayed=True, since=since, until=until))
            deliveries = history.deliveries_of_tweet(tweet_id)
        start, end = (each and each.timestamp() for each in (since, until))
        more = [*_steps(self._home, tweet_id), *_alerts(self._home, _chain(tweet_id, events))]
        begins = begins_of(events)
        spans = [*_deliveries(deliveries, events), *lived(more, begins)]
        within = [each for each in spans if (not start or each.start >= start) and (not end or each.start < end)]
        return trace_of(
            tweet_id,
            events,
            [*spans_of_events(events), *within],
            replays=[*begins],
            option=data_option(self._home.folder),
        )

    def events(self, tweet_id: str) -> list[Event]:
        """Return the events about a post, the oldest first, with replayed ones."""
        with History(self._home.bus) as history:
            return list(history.events(tweet_id=tweet_id, replayed=True))

    def newest(self, limit: int, *, before: str | None = None, matching: str = "") -> Conversations:
        """Return the newest posts first. `before`: the number of an event. Raises BadCursor."""
        number = _number(before)
        with History(self._home.bus) as history:
            # One more tells whether there is a next page.
            posts = history.newest_posts(BEGINNINGS, limit=limit + 1, before=number, matching=matching)
            found = [self._conversation(history, tweet_id) for _, tweet_id in posts[:limit]]
        return Conversations(found=found, before=str(posts[limit - 1][0]) if len(posts) > limit else None)

    def _conversation(self, history: History, tweet_id: str) -> Conversation:
        events = list(history.events(tweet_id=tweet_id))
        spans = [*spans_of_events(events), *_deliveries(history.deliveries_of_tweet(tweet_id), events)]
        trace = trace_of(tweet_id, events, spans, option=data_option(self._home.folder))
        assert trace is not None
        return conversation_of(events, trace)


def _number(before: str | None) -> int | None:
    if before is not None and not before.isdecimal():
        raise BadCursor(before)
    return int(before) if before is not None else None


def _deliveries(deliveries: list[DeliveryRecord], events: list[Event]) -> Iterator[Span]:
    # A replayed copy has the id of its original.
    caused = {event.id: event.detail.get("ReplayName") for event in events}
    for each in deliveries:
        start = each.first_try or each.due
        end = each.ended or each.last_try or start
        yield Span(
            kind="delivery",
            name=each.rule,
            event=each.detail_type,
            start=start,
            end=max(start, end),
            attempts=each.attempts,
            state=each.state,
            error=each.error if each.state != "done" else None,
            letter=str(each.id) if each.state == "dead" else None,
            note=each.state if each.state != "done" else "",
            replay=each.replay or caused.get(each.event_id),
        )


class _Step(NamedTuple):
    """A Visit of twbot.local.workflow, as the bot logs it."""

    path: str
    type: str
    start: float
    end: float
    attempts: int
    error: str | None


def _steps(home: DataFolder, tweet_id: str) -> Iterator[Span]:
    for line in lines_of(home.log, tweet_id):
        if line.get("logger") == "twbot.analysis" and "steps" in line:
            for step in msgspec.convert(line["steps"], list[_Step]):
                span = Span(kind="step", name=step.path, start=step.start, end=step.end, error=step.error)
                yield msgspec.structs.replace(span, attempts=step.attempts, type=step.type)


def _chain(tweet_id: str, events: list[Event]) -> str:
    """Return the id of the post's first version, under which its alert is kept."""
    places = [each.detail.get("Twitter") for each in events]
    return next(
        (each["FirstTweetId"] for each in places if isinstance(each, dict) and "FirstTweetId" in each), tweet_id
    )


def _alerts(home: DataFolder, tweet_id: str) -> Iterator[Span]:
    if (alert := stored_alert(home.alerts, tweet_id)) is not None:
        at = epoch(alert.time)
        yield Span(kind="alert", name="alert", start=at, end=at, note=f"{alert.subject}{' (posted)' * alert.posted}")
