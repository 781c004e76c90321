"""Charts of Unicode block characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twbot.cli.ui.chart_data import Bars, OverTime, chart_data

BLOCKS = "▁▂▃▄▅▆▇█"
MAX_LABEL_LENGTH = 40


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
    """Return the lines of a chart of a query's result; None if its columns suit no chart."""
    data = chart_data(columns, rows)
    if data is None:
        return None
    return _bars(data, width) if isinstance(data, Bars) else _over_time(data)


def _bars(data: Bars, width: int) -> list[str]:
    maximum = max(value for _, value in data.bars)
    longest = min(MAX_LABEL_LENGTH, max(len(name) for name, _ in data.bars))
    lines = [f"{'':<{longest}}  {data.column}"]
    for label, value in data.bars:
        bar = _bar(max(0.0, value / maximum) * width) if maximum > 0 else ""
        lines.append(f"{label[:longest]:<{longest}}  {bar} {_figure(value)}".rstrip())
    return lines


def _over_time(data: OverTime) -> list[str]:
    longest = min(MAX_LABEL_LENGTH, max(map(len, data.series)))
    of = f", {data.column}" if data.is_split else ""
    lines = [f"{'':<{longest}}  {data.periods[0]} … {data.periods[-1]}{of}"]
    scale = max(max(values) for values in data.series.values()) if data.is_split else None
    for name, values in data.series.items():
        lines.append(f"{name[:longest]:<{longest}}  {sparkline(values, scale)}  at most {_figure(max(values))}")
    return lines


def _bar(length: float) -> str:
    full, eighths = divmod(round(length * 8), 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[eighths] if eighths else "")


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
