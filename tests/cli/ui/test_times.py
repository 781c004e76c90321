"""Times as people write them."""

from __future__ import annotations

import datetime
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.charts import BLOCKS, span, sparkline
from twbot.cli.ui.figures import duration_text
from twbot.cli.ui.times import format_time, parse_duration, parse_time, parse_window

NOW = datetime.datetime(2026, 11, 23, 6, 30, 15, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", "2026-11-23T04:30:15Z"),
        ("1h30m", "2026-11-23T05:00:15Z"),
        ("90 minutes ago", "2026-11-23T05:00:15Z"),
        ("1 day", "2026-11-22T06:30:15Z"),
        ("2 weeks ago", "2026-11-09T06:30:15Z"),
        ("yesterday", "2026-11-22T00:00:00Z"),
        ("Today", "2026-11-23T00:00:00Z"),
        ("now", "2026-11-23T06:30:15Z"),
        ("2026-11-01T10:00Z", "2026-11-01T10:00:00Z"),
        ("2026-11-01T10:00+02:00", "2026-11-01T08:00:00Z"),
    ],
)
def test_understands(text: str, expected: str) -> None:
    """Durations, days' names, dates with a zone."""
    assert parse_time(text, now=NOW) == datetime.datetime.fromisoformat(expected)


def test_a_date_without_a_zone_is_this_machines() -> None:
    """As its clock on the wall has it."""
    assert parse_time("2026-11-01 10:00") == datetime.datetime(2026, 11, 1, 10).astimezone()


@pytest.mark.parametrize(
    "text", ["", "whenever", "2x", "2 months", "500ms", "1 hoot", "2h and a bit", "2026-13-01", "99999999999w"]
)
def test_refuses(text: str) -> None:
    """With an example to go by, and the exit code of usage."""
    with pytest.raises(CliError) as error:
        parse_time(text, now=NOW)
    assert error.value.code == Exit.USAGE
    assert "2h" in (error.value.hint or "")


@pytest.mark.parametrize(
    ("text", "now"), [("today", "2026-10-25T12:00+01:00"), ("yesterday", "2026-10-26T12:00+01:00")]
)
def test_a_day_begins_at_its_own_midnight(monkeypatch: pytest.MonkeyPatch, text: str, now: str) -> None:
    """Also on the day on which clocks are changed, and on the one after."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        found = parse_time(text, now=datetime.datetime.fromisoformat(now))
        assert found.isoformat() == "2026-10-25T00:00:00+02:00"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_window_ends_after_it_begins() -> None:
    """Or is refused."""
    assert parse_window("2h", "1h", now=NOW)[0] is not None
    with pytest.raises(CliError):
        parse_window("1h", "2h", now=NOW)


@pytest.mark.parametrize("since", ["2026-11-23T06:30:16Z", "0h", ""])
def test_a_window_begins_in_the_past(since: str) -> None:
    """Or is refused in words about --since: nobody may have typed an --until. An empty text is no time, either."""
    with pytest.raises(CliError, match=r"--since is not in the past|is no time"):
        parse_window(since, "now", now=NOW)


@given(st.datetimes(datetime.datetime(1000, 1, 1), timezones=st.just(datetime.UTC)))
def test_what_is_shown_in_utc_is_understood(when: datetime.datetime) -> None:
    """So that it can be copied from one command to the next."""
    assert parse_time(format_time(when, utc=True)) == when.replace(microsecond=0)


@given(st.floats(0, 1e7))
def test_how_long_it_took_is_short(seconds: float) -> None:
    """A number and a unit."""
    assert len(duration_text(seconds).split()) == 2


@given(st.lists(st.floats(0, 1e6), max_size=40))
def test_a_sparkline_has_one_block_a_value(values: list[float]) -> None:
    """And the highest is of full height."""
    drawn = sparkline(values)
    assert len(drawn) == len(values)
    if any(values):
        assert BLOCKS[-1] in drawn


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_bar_fits_its_line(start: float, length: float) -> None:
    """Wherever it begins and ends."""
    assert len(span(start, start + length, whole=(0, 200), width=24)) == 24


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), ("1h30m", 5400), (" 7D ", 604800)])
def test_lengths_of_time(text: str, seconds: float) -> None:
    """As people write them."""
    assert parse_duration(text).total_seconds() == seconds


def test_what_is_no_length_of_time() -> None:
    """Says how to write one."""
    with pytest.raises(CliError, match="no length") as error:
        parse_duration("yesterday")
    assert "1h" in str(error.value.hint)
