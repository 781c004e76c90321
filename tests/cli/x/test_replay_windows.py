"""The windows that X is asked to deliver again."""

from __future__ import annotations

import datetime
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.cli.x.replay_windows import DAY, MINUTE, TERMS, Terms, windows
from twbot.lambdas.errors import TwbotError

NOW = datetime.datetime(2026, 11, 23, 8, 30, 17, 250_000, tzinfo=datetime.UTC)
AGO = st.timedeltas(min_value=datetime.timedelta(), max_value=datetime.timedelta(days=8))


@given(AGO, AGO, st.sampled_from(list(TERMS.values())))
def test_every_minute_once_of_what_x_has(first: datetime.timedelta, length: datetime.timedelta, terms: Terms) -> None:
    """In order, none twice, none left out, none longer than a day, none older or newer than X takes; or an error."""
    since, until = NOW - first, min(NOW, NOW - first + length)
    try:
        found = windows(since, until, now=NOW, terms=terms)
    except TwbotError:
        whole = since.replace(second=0, microsecond=0)
        assert until < NOW - terms.keeps + MINUTE or whole > NOW - max(terms.ends_before, terms.begins_before) - MINUTE
        return
    assert found[0].since >= NOW - terms.keeps
    assert found[0].since <= max(since, NOW - terms.keeps + MINUTE)
    assert found[-1].until <= min(until, NOW - terms.ends_before) < found[-1].until + MINUTE
    for window in found:
        assert window.since <= window.until <= window.since + DAY - MINUTE
        assert window.since.second == window.until.second == window.since.microsecond == 0
    for earlier, later in itertools.pairwise(found):
        assert later.since == earlier.until + MINUTE


@pytest.mark.parametrize(("api", "days", "count"), [("v2", 1, 1), ("v2", 5, 1), ("v1.1", 2, 2), ("v1.1", 7, 5)])
def test_so_many_windows(api: str, days: int, count: int) -> None:
    """A day each, and no more than X keeps."""
    assert len(windows(NOW - days * DAY, NOW, now=NOW, terms=TERMS[api])) == count
