"""The charts of a query's answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.cli.ui.chart_data import MAX_PERIODS
from twbot.cli.ui.charts import chart


def test_a_bar_for_each_label() -> None:
    """As long as its number, with the number beside it; several labels stand together."""
    lines = chart(["author", "n", "more"], [["ann", 4, 9], ["ben", 2, 9], [None, 0, 9]], width=4)
    assert lines == ["        n", "ann     ████ 4", "ben     ██ 2", "(none)   0"]
    both = chart(["event", "reason", "n"], [["A", "x", 1]], width=1)
    assert both == ["       n", "A · x  █ 1"]


def test_blocks_over_time() -> None:
    """The oldest first, and days on which nothing was are gaps."""
    lines = chart(["day", "n"], [["2026-11-04", 8], ["2026-11-01", 4]])
    assert lines == ["   2026-11-01 … 2026-11-04", "n  ▅  █  at most 8"]


def test_a_line_for_each_word_over_time() -> None:
    """How people felt, hour by hour; all of one scale."""
    rows = [["2026-11-01T10", "GOOD", 2], ["2026-11-01T11", "BAD", 1]]
    lines = chart(["hour", "sentiment", "messages"], rows)
    assert lines is not None
    assert lines[0].endswith("2026-11-01T10 … 2026-11-01T11, messages")
    assert lines[1:] == ["GOOD  █   at most 2", "BAD    ▅  at most 1"]


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ([], []),
        (["author", "n"], []),
        (["author"], [["ann"]]),
        (["n"], [[5]]),
        (["time", "author", "name"], [["2026-11-01T10:00:00Z", "ann", "Ada"]]),
        (["time", "author", "text", "n"], [["2026-11-01T10:00:00Z", "ann", "hi", 1]]),
        (["a", "n"], [[{"x": 1}, 1]]),
        (["a", "n"], [["x", True]]),
    ],
)
def test_what_has_no_chart(columns: list[str], rows: list[list[Any]]) -> None:
    """None: the command says so."""
    assert chart(columns, rows) is None


_CELL = st.none() | st.integers(-(10**9), 10**9) | st.floats() | st.text(max_size=8)
_DAY = st.dates().map(str) | st.sampled_from(["0001-01-01", "9999-12-31", "2026-13-99", "2026-11"])


@given(st.lists(st.tuples(_DAY | _CELL, _CELL, _CELL), max_size=8))
def test_any_answer_has_a_chart_or_none(rows: list[tuple[Any, ...]]) -> None:
    """It never fails, and no line is endless."""
    lines = chart(["a", "b", "c"], rows)
    assert lines is None or all(len(line) < MAX_PERIODS + 120 and "\n" not in line for line in lines)
