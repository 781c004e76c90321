"""Metrics: what happened over time, as lines and as tables."""

from __future__ import annotations

import time
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console import drawing
from twbot.cli.console.pages import Console
from twbot.cli.operations.metrics.port import Metrics, metrics_of
from twbot.cli.operations.metrics.records import MetricSeries, Window, fitting_window, length_text
from twbot.cli.ui.figures import duration_text
from twbot.cli.ui.times import format_time

MAX_PARTS = 60


class Span(NamedTuple):
    """How far back one looks."""

    name: str
    """As --since of `twbot metrics` takes it."""
    title: str
    seconds: int


SPANS = (Span("1h", "1 hour", 3600), Span("24h", "24 hours", 86_400), Span("7d", "7 days", 7 * 86_400))


def routes(console: Console) -> list[Route]:
    def metrics(request: Request) -> Response:
        over = request.query_params.get("over", "")
        span = next((each for each in SPANS if each.name == over), SPANS[0])
        show_all = "all" in request.query_params
        source = metrics_of(console.target)
        window = _window(source, span)
        found = source.series_of(window, {each.name for each in source.all_metrics()})
        shown = [each for each in found if show_all or each.total]
        return console.page(
            request,
            "metrics.html",
            title="Metrics",
            spans=SPANS,
            span=span,
            show_all=show_all,
            rest=len(found) - len(shown),
            window=window,
            step=length_text(window.step),
            lines=[(line_of(each, window), each.metric) for each in shown],
            refresh=30 if console.target.is_local else None,
        )

    return [Route("/metrics", metrics)]


def line_of(series: MetricSeries, window: Window) -> drawing.Line:
    """Draw the series of a metric over a window."""
    metric = series.metric
    words = duration_text if metric.unit == "s" else lambda value: f"{value:,.0f}"
    newest = series.values[-1] if series.values else None
    whole = "none" if series.total is None else f"{words(series.total)} {HOW[metric.statistic]}"
    periods = [format_time(window.start + part * window.step)[:16] for part in range(window.parts)]
    return drawing.line(
        metric.name,
        whole if newest is None else f"{whole}, newest {words(newest)}",
        periods,
        series.values,
        words=words,
        is_count=metric.statistic == "sum",
    )


HOW = {"sum": "in all", "most": "at most", "median": "median", "p95": "or less for 95%"}


def _window(source: Metrics, span: Span) -> Window:
    now = time.time()
    start = now - span.seconds
    return fitting_window(start, now, shortest=source.min_period(start), max_parts=MAX_PARTS)
