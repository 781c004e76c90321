"""Parses times as people write them (2h, yesterday, 2026-11-01T10:00Z), and formats them in this machine's zone."""

from __future__ import annotations

import datetime
import re
from typing import Annotated

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.figures import Cell

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# Units are whole words: `m` must not match the beginning of 500ms or 2 months.
_DURATION = re.compile(
    r"(\d+(?:\.\d+)?)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)(?![a-z])\s*", re.ASCII
)
EXAMPLES = "2h, 30m, yesterday, 2026-11-01T10:00Z"

Since = Annotated[str | None, typer.Option("--since", help=f"From then on: {EXAMPLES}.", metavar="TIME")]
Until = Annotated[str | None, typer.Option("--until", help="Before then.", metavar="TIME")]
Utc = Annotated[bool, typer.Option("--utc", help="Show times in UTC, not in this machine's zone.")]


def parse_time(text: str, *, now: datetime.datetime | None = None) -> datetime.datetime:
    """Parse a time: a duration before now, now, today, yesterday, or an ISO 8601 date or time.

    Without an offset it is in this machine's zone. Raises CliError.
    """
    now = now or datetime.datetime.now().astimezone()
    lowered = text.strip().lower()
    named = {"now": now, "today": _midnight(now, 0), "yesterday": _midnight(now, 1)}
    if lowered in named:
        return named[lowered]
    try:
        if (ago := _duration(lowered.removesuffix("ago").strip())) is not None:
            return now - ago
        return _in_zone(datetime.datetime.fromisoformat(text.strip().upper()))
    except (ValueError, OverflowError):
        raise CliError(f"{text!r} is no time.", hint=f"Write it as one of: {EXAMPLES}", code=Exit.USAGE) from None


def parse_duration(text: str) -> datetime.timedelta:
    """Parse a duration: 90s, 5m, 1h30m. Raises CliError."""
    found = _duration(text.strip().lower())
    if found is None:
        raise CliError(f"{text!r} is no length of time.", hint="Write it as one of: 30s, 5m, 1h, 7d", code=Exit.USAGE)
    return found


def parse_window(
    since: str | None, until: str | None, *, now: datetime.datetime | None = None
) -> tuple[datetime.datetime | None, datetime.datetime | None]:
    """Parse --since and --until; None stays None. Raises CliError for a start in the future, or an end before it."""
    now = now or datetime.datetime.now().astimezone()
    start, end = (parse_time(each, now=now) if each is not None else None for each in (since, until))
    if start and start >= now:
        raise CliError(f"--since is not in the past: {format_time(start)}.", code=Exit.USAGE)
    if start and end and start >= end:
        raise CliError("--until is not after --since.", code=Exit.USAGE)
    return start, end


def format_time(when: datetime.datetime | str | float | None, *, utc: bool = False) -> str:
    """Format a time to the second, in this machine's zone, or in UTC with a Z. A number is epoch seconds."""
    if when is None:
        return ""
    if isinstance(when, float | int):
        when = datetime.datetime.fromtimestamp(when, datetime.UTC)
    elif isinstance(when, str):
        when = datetime.datetime.fromisoformat(when)
    return f"{when.astimezone(datetime.UTC):%Y-%m-%d %H:%M:%SZ}" if utc else f"{when.astimezone():%Y-%m-%d %H:%M:%S}"


def clock_text(when: str, *, utc: bool = False) -> str:
    """Format the time of day of an ISO 8601 time, as `format_time` does."""
    return format_time(when, utc=utc).partition(" ")[2]


class Days:
    """Says on which day the times of a list are, where it changes."""

    def __init__(self, *, utc: bool) -> None:
        self._utc, self._day = utc, ""

    def changed(self, when: str) -> str | None:
        """Return the day of a time, None where it is that of the one before."""
        day = format_time(when, utc=self._utc).partition(" ")[0]
        if day == self._day:
            return None
        self._day = day
        return day


def time_cell(when: datetime.datetime | str | float | None, *, utc: bool = False) -> Cell | None:
    """Return a time for a table: for programs in ISO 8601, to the second, with its offset."""
    text = format_time(when, utc=utc)
    if not text:
        return None
    moment = datetime.datetime.fromisoformat(text)
    return Cell((moment if moment.tzinfo else moment.astimezone()).isoformat().replace("+00:00", "Z"), text)


def _duration(text: str) -> datetime.timedelta | None:
    found = list(_DURATION.finditer(text))
    if not found or "".join(each[0] for each in found) != text:
        return None
    parts = [datetime.timedelta(**{_UNITS[each[2][0]]: float(each[1])}) for each in found]
    return sum(parts, datetime.timedelta())


def _midnight(now: datetime.datetime, days: int) -> datetime.datetime:
    """Return the midnight that begins the day so many days before now."""
    wall = datetime.datetime.combine(now.date() - datetime.timedelta(days=days), datetime.time())
    # astimezone finds the offset of that day, which is not that of `now` if daylight saving began or ended in between.
    is_local = now.utcoffset() == now.astimezone().utcoffset()
    return wall.astimezone() if is_local else wall.replace(tzinfo=now.tzinfo)


def _in_zone(when: datetime.datetime) -> datetime.datetime:
    return when if when.tzinfo else when.astimezone()
