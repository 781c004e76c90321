"""The page of metrics, and how values become lines and bars."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.console import Visitor, text_of
from tests.support.world import World
from twbot.cli.console.drawing import HEIGHT, WIDTH, bars_of, figure_text, line
from twbot.cli.console.queries import drawn_of
from twbot.cli.ui.chart_data import Bars
from twbot.lambdas.analytics.results import Result


def test_what_happened_is_drawn_and_written(world: World, visitor: Visitor) -> None:
    """Each metric has a picture and a table; what did not happen is left out until asked for."""
    world.ask("mette", "@twbot tell me a joke")
    page = visitor.get("/metrics")
    says = text_of(page)
    assert "MESSAGE_RECEIVED" in says
    assert "a value for each minute" in says
    assert "twbot metrics --since 1h --data" in says
    assert 'aria-label="MESSAGE_RECEIVED, as a table"' in page.text
    everything = visitor.get("/metrics", over="7d", all="")
    assert "a value for each 3 hours" in text_of(everything)
    assert everything.text.count("<polyline") > page.text.count("<polyline")
    assert "twbot metrics --since 7d --all --data" in text_of(everything)


@pytest.mark.parametrize("over", ["", "1e9h", "<script>", "24h"])
def test_only_known_spans_are_taken(visitor: Visitor, over: str) -> None:
    page = visitor.get("/metrics", over=over)
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert page.text.count('aria-current="true"') == 1


@pytest.mark.parametrize(
    ("values", "strokes"),
    [
        ([], 0),
        ([None, None], 0),
        ([1.0], 1),
        ([0.0, 0.0], 1),
        ([None, 2.0, None, 3.0, 4.0], 2),
        ([float(each) for each in range(500)], 1),
        ([-5.0, 5.0], 1),
    ],
)
def test_a_line_stays_in_its_frame(values: list[float | None], strokes: int) -> None:
    """A gap ends a stroke, one value is seen, and each has its words."""
    periods = [f"2026-11-26 {at:05}" for at in range(len(values))]
    drawn = line("n", "", periods, values)
    assert len(drawn.strokes) == len(drawn.areas) == strokes
    points = [tuple(map(float, each.split(","))) for stroke in drawn.strokes for each in stroke.split()]
    assert all(0 <= x <= WIDTH + 0.1 and 0 <= y <= HEIGHT for x, y in points)
    assert len(points) == 2 * sum(each is not None for each in values)
    assert [each for each, _ in drawn.rows] == periods
    assert len(drawn.slots) == len(values)


CELL = st.none() | st.integers(-(10**9), 10**9) | st.floats() | st.sampled_from(["2026-11-01", "2026-11-02", "x", ""])


@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=6))
@example([(None, None, 1.8e306)])
def test_whatever_a_query_answers_is_drawn_within_its_frame(rows: list[tuple[Any, ...]]) -> None:
    """Also where it answers with numbers that are none, or have no end."""
    drawn = drawn_of(Result(["a", "b", "c"], [list(row) for row in rows], 0))
    for each in drawn.lines if drawn else []:
        points = [float(number) for stroke in each.strokes for pair in stroke.split() for number in pair.split(",")]
        assert all(0 <= number <= WIDTH + 0.1 for number in points)
    assert all(0 <= each.length <= 100 for each in (drawn.bars if drawn else []))


def test_the_ends_of_a_line_name_the_day_where_there_are_several() -> None:
    of_one_day = line("n", "", ["2026-11-26 03:30", "2026-11-26 04:30"], [1, 2])
    assert (of_one_day.first, of_one_day.last) == ("03:30", "04:30")
    of_two = line("n", "", ["2026-11-25", "2026-11-26"], [1, 2])
    assert (of_two.first, of_two.last) == ("2026-11-25", "2026-11-26")


@pytest.mark.parametrize(
    ("numbers", "lengths"), [([4, 2, 0], [100, 50, 0]), ([0, 0], [0, 0]), ([-3, -1], [0, 0]), ([-2, 8], [0, 100])]
)
def test_a_bar_is_a_share_of_the_longest(numbers: list[float], lengths: list[float]) -> None:
    assert [each.length for each in bars_of(Bars("n", [("x", each) for each in numbers]))] == lengths


@pytest.mark.parametrize(("value", "text"), [(1234567, "1,234,567"), (0.994463563, "0.994"), (-1.5, "-1.5")])
def test_numbers_as_people_write_them(value: float, text: str) -> None:
    assert figure_text(value) == text
