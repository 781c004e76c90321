"""Asking X to deliver again: the windows it takes.

The v2 API (also for X Activity) keeps a day, v1.1's enterprise form five; a window is a day at most, both its minutes
belong to it, and at v1.1 it ends ten minutes ago or earlier and begins half an hour ago or earlier.
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
    """What an API of X gives back: events no older than `keeps`, and none of the last minutes."""

    keeps: datetime.timedelta
    ends_before: datetime.timedelta
    begins_before: datetime.timedelta


TERMS = {
    "v2": Terms(DAY, datetime.timedelta(), datetime.timedelta()),
    "v1.1": Terms(5 * DAY, 10 * MINUTE, 31 * MINUTE),
}


class XWindow(msgspec.Struct, frozen=True):
    """Whole minutes, both inclusive. `job_id`: X's, once it was asked."""

    since: datetime.datetime
    until: datetime.datetime
    job_id: str | None = None


def windows(
    since: datetime.datetime, until: datetime.datetime, *, now: datetime.datetime, terms: Terms
) -> list[XWindow]:
    """From the oldest minute on that X still has. Raises TwbotError where nothing is left of the span."""
    oldest = _up(now - terms.keeps)
    start = max(_down(since), oldest)
    end = min(_down(until), _down(now - terms.ends_before))
    if start > end:
        raise TwbotError(f"X keeps nothing of that time: {_said(terms)}.")
    if start > now - terms.begins_before:
        raise TwbotError(f"That is too recent: {_said(terms)}.")
    return list(_split(start, end))


def _split(start: datetime.datetime, end: datetime.datetime) -> Iterator[XWindow]:
    while start <= end:
        last = min(end, start + DAY - MINUTE)
        yield XWindow(start, last)
        start = last + MINUTE


def _down(moment: datetime.datetime) -> datetime.datetime:
    return moment.astimezone(datetime.UTC).replace(second=0, microsecond=0)


def _up(moment: datetime.datetime) -> datetime.datetime:
    down = _down(moment)
    return down if down == moment else down + MINUTE


def _said(terms: Terms) -> str:
    """In words."""
    words = f"it delivers again what is at most {terms.keeps // datetime.timedelta(hours=1)} hours old"
    if terms.begins_before:
        words += (
            f", in windows that begin at least {terms.begins_before // MINUTE} minutes ago and end at least "
            f"{terms.ends_before // MINUTE} minutes ago"
        )
    return words
