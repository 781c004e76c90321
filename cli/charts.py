"""Small charts of Unicode blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float]) -> str:
    """One block a value, the highest of full height; nothing is a gap."""
    most = max(values, default=0)
    return "".join(" " if value <= 0 else BLOCKS[min(7, int(value / most * 8))] for value in values)


def by_minute(ages: Iterable[float], *, bars: int = 30, seconds: float = 3600) -> list[int]:
    """How many in each part of the last `seconds`, the oldest first. `ages` are seconds ago."""
    counts = [0] * bars
    for age in ages:
        if 0 <= age < seconds:
            counts[bars - 1 - int(age / seconds * bars)] += 1
    return counts


def span(start: float, end: float, *, whole: tuple[float, float], width: int = 32) -> str:
    """A bar from `start` to `end` on a line that stands for `whole`."""
    begin, length = whole[0], max(whole[1] - whole[0], 1e-9)
    first = min(width - 1, max(0, int((start - begin) / length * width)))
    last = min(width, max(first + 1, round((end - begin) / length * width)))
    mark = "●" if start == end else "━" * (last - first)
    return (" " * first + mark).ljust(width)
