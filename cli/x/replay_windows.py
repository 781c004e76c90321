"""The windows of time that X delivers again.

The v2 API, also for X Activity, keeps events for a day, v1.1's enterprise form for five. A window is a day at most and
includes its first and its last minute. At v1.1 it begins at least 31 minutes ago and ends at least ten minutes ago.
https://docs.x.com/x-api/webhooks/introduction, https://docs.x.com/x-api/enterprise-gnip-2.0/fundamentals/account-activity
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from twbot.lambdas.errors import TwbotError

MINUTE = datetime.timedelta(minutes=1)
DAY = datetime.timedelta(days=1)


class Terms(NamedTuple):
    """Which windows an API of X accepts."""

    keeps: datetime.timedelta
    """How long it keeps events."""
    ends_before: datetime.timedelta
    """How long ago a window has to end."""
    begins_before: datetime.timedelta
    """How long ago a window has to begin."""


TERMS = {
    "v2": Terms(DAY, datetime.timedelta(), datetime.timedelta()),
    "v1.1": Terms(5 * DAY, 10 * MINUTE, 31 * MINUTE),
}


class XWindow(msgspec.Struct, frozen=True):
    """A window of whole minutes, in UTC."""

    since: datetime.datetime
    """Its first minute."""
    until: datetime.datetime
    """Its last minute, which belongs to it."""
    job_id: str | None = None
    """The id of X's job, once the window was requested."""


def windows(
    since: datetime.datetime, until: datetime.datetime, *, now: datetime.datetime, terms: Terms
) -> list[XWindow]:
    """Split a span into windows, from the oldest minute that X still has. Raises TwbotError where none is left."""
    oldest = _ceil(now - terms.keeps)
    start = max(_floor(since), oldest)
    end = min(_floor(until), _floor(now - terms.ends_before))
    if start > end:
        raise TwbotError(f"X keeps nothing of that time: {_terms_text(terms)}.")
    if start > now - terms.begins_before:
        raise TwbotError(f"That is too recent: {_terms_text(terms)}.")
    return list(_split(start, end))


def _split(start: datetime.datetime, end: datetime.datetime) -> Iterator[XWindow]:
    while start <= end:
        last = min(end, start + DAY - MINUTE)
        yield XWindow(start, last)
        start = last + MINUTE


def _floor(time: datetime.datetime) -> datetime.datetime:
    return time.astimezone(datetime.UTC).replace(second=0, microsecond=0)


def _ceil(time: datetime.datetime) -> datetime.datetime:
    floor = _floor(time)
    return floor if floor == time else floor + MINUTE


def _terms_text(terms: Terms) -> str:
    words = f"it delivers again what is at most {terms.keeps // datetime.timedelta(hours=1)} hours old"
    if terms.begins_before:
        words += (
            f", in windows that begin at least {terms.begins_before // MINUTE} minutes ago and end at least "
            f"{terms.ends_before // MINUTE} minutes ago"
        )
    return words
