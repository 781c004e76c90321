"""Windows of time, and numbers in them: what both platforms make their answers with."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.cli.operations.metrics import records as names
from twbot.cli.operations.metrics.records import (
    Metric,
    Window,
    all_metrics,
    function_metrics,
    quantile,
    series_of,
    window_between,
)
from twbot.cli.operations.status.records import COUNTED, LOGGED, last_hour, the_last_hour

times = st.floats(0, 4e9)
moments = st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 1e6)))


@given(times, st.floats(1, 1e6), st.sampled_from([1, 60, 300, 3600, 86400]))
def test_a_window_covers_what_was_asked_for_in_step_with_the_clock(start: float, long: float, step: int) -> None:
    """Nothing of it is left out, and less than a part more at either end is taken in."""
    window = window_between(start, start + long, step)
    assert window.start % step == 0
    assert window.start <= start < window.start + step
    assert window.end - step < start + long <= window.end or window.parts == 1


@given(moments)
def test_everything_is_counted_once(found: list[tuple[float, float]]) -> None:
    """What is in the window, in one part; what is outside, nowhere."""
    window = Window(100, 60, 10)
    counted = series_of(Metric(name="n", description=""), window, [(at, 1.0) for at, _ in found])
    assert math.fsum(value or 0 for value in counted.values) == counted.total == sum(100 <= at < 700 for at, _ in found)


@given(moments)
def test_the_most_of_the_parts_is_the_most_of_all(found: list[tuple[float, float]]) -> None:
    """Parts without anything have no value, rather than 0."""
    most = series_of(Metric(name="n", description="", statistic="most"), Window(0, 100, 10), found)
    assert most.total == max((value for value in most.values if value is not None), default=None)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_one_of_the_values(values: list[float], share: float) -> None:
    """And so much of all is no more than it, but not with the next smaller one."""
    found = quantile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6


def test_medians_and_percentiles_of_a_part_and_of_all() -> None:
    """Each of its own values: the median of all is not one of the medians."""
    window = Window(0, 10, 2)
    found = [(1.0, 1.0), (2.0, 3.0), (11.0, 10.0)]
    assert series_of(Metric(name="n", description="", statistic="median"), window, found).values == [2.0, 10.0]
    assert series_of(Metric(name="n", description="", statistic="median"), window, found).total == 3.0
    assert series_of(Metric(name="n", description="", statistic="p95"), window, found).total == 10.0


def test_every_measure_has_its_own_name() -> None:
    """Names are what operators type."""
    found = [*all_metrics(["egress", "ingress"]), *function_metrics(["image"])]
    assert len({each.name.lower() for each in found}) == len(found)
    assert {"MESSAGE_RECEIVED", "reply-time", "failed-cap-reached", "dead-letters-egress"} <= {e.name for e in found}
    assert {"function-errors-image", "function-time-image"} <= {each.name for each in found}
    assert {*COUNTED, *LOGGED} <= {each.name for each in found}


def test_the_last_hour_has_sixty_minutes_and_ends_now() -> None:
    """The minute that has begun is the last one."""
    hour = the_last_hour(10_000_019.0)
    assert (hour.parts, hour.step) == (60, 60)
    assert hour.part(10_000_019.0) == 59
    assert hour.part(10_000_019.0 - 3541) == 0


def test_what_the_hour_was_like() -> None:
    """Failures are refused replies and failed analyses; reasons that did not happen are left out."""
    hour = the_last_hour(7200.0)
    seen = {"TWEET_FAILED": [(7200.0, 1.0)], "ANALYSIS_FAILED": [(7200.0, 1.0)], "reply-time": [(7200.0, 2.5)]}
    seen |= {"failed-cap-reached": [(7200.0, 1.0)], names.PUT_OFF: [(7140.0, 2.0)]}
    known = {each.name: each for each in all_metrics([])}
    found = last_hour(series_of(known[name], hour, seen.get(name, [])) for name in (*COUNTED, *LOGGED))
    assert found.failures[-1] == 2
    assert (found.median, found.p95, found.put_off) == (2.5, None, 2)
    assert found.failed == {"cap-reached": 1}


@pytest.mark.parametrize("values", [[], [1.0]])
def test_of_nothing_there_is_no_quantile(values: list[float]) -> None:
    """And of one value it is that."""
    assert quantile(values, 0.95) == (values[0] if values else None)
