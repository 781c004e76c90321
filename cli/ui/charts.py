"""Charts of Unicode block characters."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any

BLOCKS = "▁▂▃▄▅▆▇█"
# The most periods on a line; of longer series the latest are shown.
MAX_SERIES = 72
MAX_LABEL_LENGTH = 40
_PERIOD = re.compile(r"\d{4}-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d+)?Z?)?)?)?)?", re.ASCII)
_SHAPES = {10: ("%Y-%m-%d", datetime.timedelta(days=1)), 13: ("%Y-%m-%dT%H", datetime.timedelta(hours=1))}


def sparkline(values: Sequence[float], maximum: float | None = None) -> str:
    """Return one block per value; the maximum (by default the highest value) has full height, zero is a gap."""
    maximum = max(values, default=0) if maximum is None else maximum
    return "".join(" " if value <= 0 else BLOCKS[min(7, int(value / maximum * 8))] for value in values)


def span(start: float, end: float, *, whole: tuple[float, float], width: int = 32) -> str:
    """Return a bar from `start` to `end` on a line of `width` columns that represents the interval `whole`."""
    begin, length = whole[0], max(whole[1] - whole[0], 1e-9)
    first = min(width - 1, max(0, int((start - begin) / length * width)))
    last = min(width, max(first + 1, round((end - begin) / length * width)))
    mark = "●" if start == end else "━" * (last - first)
    return (" " * first + mark).ljust(width)


def chart(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, width: int = 40) -> list[str] | None:
    """Return the lines of a chart of a query's result; None if its columns suit no chart.

    A first column of times makes a sparkline for each number, or for each value of one further text column. Text before
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
    return _bars(rows, labels, numbers[0], columns[numbers[0]], width) if labels else None


def _kind(values: Sequence[Any]) -> str | None:
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return "number"
    if not all(isinstance(value, str) for value in known):
        return None
    return "time" if known and all(_PERIOD.fullmatch(value) for value in known) else "words"


def _bars(rows: Sequence[Sequence[Any]], labels: Sequence[int], number: int, name: str, width: int) -> list[str]:
    names = [" · ".join(_word(row[at]) for at in labels) for row in rows]
    maximum = max(row[number] or 0 for row in rows)
    longest = min(MAX_LABEL_LENGTH, max(map(len, names)))
    lines = [f"{'':<{longest}}  {name}"]
    for label, row in zip(names, rows, strict=True):
        value = row[number] or 0
        bar = _bar(max(0.0, value / maximum) * width) if maximum > 0 else ""
        lines.append(f"{label[:longest]:<{longest}}  {bar} {_figure(value)}".rstrip())
    return lines


def _over_time(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], words: Sequence[int], numbers: Sequence[int]
) -> list[str]:
    rows = [row for row in rows if row[0] is not None]
    periods = _periods([row[0] for row in rows])[-MAX_SERIES:]
    series: dict[str, dict[str, float]] = {}
    for row in rows:
        for number in numbers[:1] if words else numbers:
            name = _word(row[words[0]]) if words else columns[number]
            found = series.setdefault(name, {})
            found[row[0]] = found.get(row[0], 0) + (row[number] or 0)
    longest = min(MAX_LABEL_LENGTH, max(map(len, series)))
    lines = [f"{'':<{longest}}  {periods[0]} … {periods[-1]}" + (f", {columns[numbers[0]]}" if words else "")]
    shown = {name: [found.get(period, 0) for period in periods] for name, found in series.items()}
    # Lines that split one number by a text column share a scale, so that they can be compared.
    scale = max(max(values) for values in shown.values()) if words else None
    for name, values in shown.items():
        lines.append(f"{name[:longest]:<{longest}}  {sparkline(values, scale)}  at most {_figure(max(values))}")
    return lines


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
    return [(last - step * back).strftime(pattern) for back in reversed(range(min(count, MAX_SERIES)))]


def _bar(length: float) -> str:
    full, eighths = divmod(round(length * 8), 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[eighths] if eighths else "")


def _word(value: Any) -> str:
    return "(none)" if value is None else " ".join(str(value).split()) or "(empty)"


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
