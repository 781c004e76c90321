"""What a query's result can be drawn as, in a terminal or in the browser: a bar for each name, or numbers over time."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

# The most periods over time; of more the latest are shown.
MAX_PERIODS = 72
_PERIOD = re.compile(r"\d{4}-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d+)?Z?)?)?)?)?", re.ASCII)
_SHAPES = {10: ("%Y-%m-%d", datetime.timedelta(days=1)), 13: ("%Y-%m-%dT%H", datetime.timedelta(hours=1))}
Rows = Sequence[Sequence[Any]]


class Bars(NamedTuple):
    """A number for each name."""

    column: str
    """The column of the numbers."""
    bars: list[tuple[str, float]]


class OverTime(NamedTuple):
    """Numbers over time."""

    column: str
    """The column of the numbers: of several, the first."""
    is_split: bool
    """Whether the series are parts of one number: then they share a scale, so that they can be compared."""
    periods: list[str]
    series: dict[str, list[float]]
    """A value for each period, by name."""


def chart_data(columns: Sequence[str], rows: Rows) -> Bars | OverTime | None:
    """Return what can be drawn of a query's result; None if its columns suit no chart.

    A first column of times makes a series for each number, or for each value of one further text column. Text before
    the first number makes a bar per row.
    """
    kinds = [_kind([row[at] for row in rows]) for at in range(len(columns))]
    numbers = [at for at, kind in enumerate(kinds) if kind == "number"]
    times = [at for at, kind in enumerate(kinds) if kind == "time"]
    words = [at for at, kind in enumerate(kinds) if kind == "words"]
    if not rows or not numbers or None in kinds:
        return None
    if times[:1] == [0]:
        return _over_time(columns, rows, words, numbers) if len(words) <= 1 else None
    labels = [at for at in words if at < numbers[0]]  # text behind the number describes it, it does not name the row
    if not labels:
        return None
    bars = [(" · ".join(_word(row[at]) for at in labels), _number(row[numbers[0]])) for row in rows]
    return Bars(columns[numbers[0]], bars)


def _kind(values: Sequence[Any]) -> str | None:
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return "number"
    if not all(isinstance(value, str) for value in known):
        return None
    return "time" if known and all(_PERIOD.fullmatch(value) for value in known) else "words"


def _over_time(columns: Sequence[str], rows: Rows, words: Sequence[int], numbers: Sequence[int]) -> OverTime:
    rows = [row for row in rows if row[0] is not None]
    periods = _periods([row[0] for row in rows])[-MAX_PERIODS:]
    series: dict[str, dict[str, float]] = {}
    for row in rows:
        for number in numbers[:1] if words else numbers:
            name = _word(row[words[0]]) if words else columns[number]
            found = series.setdefault(name, {})
            found[row[0]] = found.get(row[0], 0) + _number(row[number])
    shown = {name: [_number(found.get(period)) for period in periods] for name, found in series.items()}
    return OverTime(columns[numbers[0]], bool(words), periods, shown)


def _periods(seen: Sequence[str]) -> list[str]:
    """Return the periods from the first to the last, including those without a row."""
    shape = _SHAPES.get(len(seen[0]))
    if shape is None or any(len(each) != len(seen[0]) for each in seen):
        return sorted(set(seen))
    pattern, step = shape
    try:
        first, last = (datetime.datetime.strptime(each, pattern) for each in (min(seen), max(seen)))
    except ValueError:
        return sorted(set(seen))
    count = int((last - first) / step) + 1
    return [(last - step * back).strftime(pattern) for back in reversed(range(min(count, MAX_PERIODS)))]


def _number(value: float | None) -> float:
    """Return what can be drawn of a number: what is none, or has no end, is nothing."""
    return value if value is not None and math.isfinite(value) else 0


def _word(value: Any) -> str:
    return "(none)" if value is None else " ".join(str(value).split()) or "(empty)"
