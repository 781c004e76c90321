"""Charts as numbers for SVG, which the server draws: each fills its frame, and its words stand beside it as HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from twbot.cli.ui.chart_data import Bars, OverTime
from twbot.cli.ui.figures import count_text, number_text

# The frame of a line. An SVG stretches it, and no stroke with it (vector-effect).
WIDTH, HEIGHT = 1000.0, 100.0
MARGIN = 4.0
Words = Callable[[float], str]


def figure_text(value: float) -> str:
    """Format a number as people write it. Not for ids."""
    return count_text(value) if isinstance(value, int) else number_text(value)


class Slot(NamedTuple):
    """The place of a value, which says it when one points there."""

    left: float
    width: float
    says: str


class Line(NamedTuple):
    """A value over time."""

    name: str
    says: str
    """The whole of it in words."""
    most: str
    """The value at the top of the frame."""
    first: str
    """When it begins."""
    last: str
    """When it ends."""
    strokes: list[str]
    """The points of each stretch without a gap, "x,y x,y": a step for each value, as it is one of a whole period."""
    areas: list[str]
    """The same, closed along the bottom; none where the value is no count."""
    slots: list[Slot]
    rows: list[tuple[str, str]]
    """Each period and its value, for the table."""


class Bar(NamedTuple):
    """A bar. `length`: in percent."""

    name: str
    length: float
    says: str


def line(
    name: str,
    says: str,
    periods: Sequence[str],
    values: Sequence[float | None],
    *,
    words: Words = figure_text,
    most: float | None = None,
    is_count: bool = True,
) -> Line:
    """Draw a value over time; None is a gap. `most`: the top of the frame, by default the highest value."""
    top = max((each or 0.0 for each in values), default=0.0) if most is None else most
    step = WIDTH / max(1, len(values))
    stretches = [_steps(stretch, step, top) for stretch in _stretches(values)]
    texts = ["-" if value is None else words(value) for value in values]
    return Line(
        name,
        says,
        words(top) if stretches else "",
        *_ends(periods),
        [_points(each) for each in stretches],
        [_points([(each[0][0], HEIGHT), *each, (each[-1][0], HEIGHT)]) for each in stretches] if is_count else [],
        [
            Slot(round(at * step, 1), round(step, 1), f"{period}: {text}")
            for at, (period, text) in enumerate(zip(periods, texts, strict=True))
        ],
        list(zip(periods, texts, strict=True)),
    )


def _ends(periods: Sequence[str]) -> tuple[str, str]:
    """Return the first and the last period, without the day where they are of one."""
    if not periods:
        return "", ""
    first, last = periods[0], periods[-1]
    return (first[11:], last[11:]) if len(first) > 11 and first[:10] == last[:10] else (first, last)


def bars_of(data: Bars) -> list[Bar]:
    """Draw a bar for each name; a number below zero has none."""
    most = max((value for _, value in data.bars), default=0)
    return [
        Bar(name, round(100 * max(0.0, value / most), 2) if most > 0 else 0.0, figure_text(value))
        for name, value in data.bars
    ]


def lines_of(data: OverTime) -> list[Line]:
    """Draw each series of a query's result."""
    most = max(max(values) for values in data.series.values()) if data.is_split else None
    return [
        line(name, f"at most {figure_text(max(values))}", data.periods, values, most=most)
        for name, values in data.series.items()
    ]


def _stretches(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    stretch: list[tuple[int, float]] = []
    for at, value in enumerate(values):
        if value is not None:
            stretch.append((at, value))
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def _steps(stretch: list[tuple[int, float]], step: float, top: float) -> list[tuple[float, float]]:
    """Return the left and the right end of each value's step."""
    return [(round(x * step, 1), _height(value, top)) for at, value in stretch for x in (at, at + 1)]


def _height(value: float, top: float) -> float:
    share = min(1.0, max(0.0, value / top)) if top > 0 else 0.0
    return round(HEIGHT - share * (HEIGHT - MARGIN), 1)


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
