"""`twbot metrics`: shows metrics over time."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.metrics.port import metrics_of
from twbot.cli.operations.target import Target
from twbot.cli.ui.charts import sparkline
from twbot.cli.ui.console import as_json, note, table
from twbot.cli.ui.csv import print_csv
from twbot.cli.ui.figures import Cell, count_text, duration_cell
from twbot.cli.ui.layout import Column
from twbot.cli.ui.options import AsJson, targeted
from twbot.cli.ui.pager import paged
from twbot.cli.ui.times import Until, Utc, format_time, parse_duration, parse_window
from twbot.cli.ui.watching import Watch, go_on, interval_of

if TYPE_CHECKING:
    from twbot.cli.operations.metrics.records import Metric, MetricSeries, Window

BARS = 30
Series = tuple["Window", list["MetricSeries"]]
# With more values than that a longer --every is meant.
MAX_PERIODS = 1500


def _names(incomplete: str) -> list[str]:
    return [each.name for each in _on_any_platform() if each.name.lower().startswith(incomplete.lower())]


def _on_any_platform() -> list[Metric]:
    from twbot.cli.operations.metrics.records import all_metrics, function_metrics
    from twbot.lambdas.folder.event_types import declared
    from twbot.lambdas.folder.folder import bot_folder
    from twbot.lambdas.wiring import services
    from twbot.stacks.functions import functions

    return [*all_metrics(services(), declared(bot_folder().events)), *function_metrics(functions())]


@targeted
def metrics(
    target: Target,
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Which: a name, or the beginning of names (webhook, dead-letters).", autocompletion=_names),
    ] = None,
    since: Annotated[str, typer.Option("--since", help="From then on: 1h, 7d, yesterday.", metavar="TIME")] = "1h",
    until: Until = None,
    every: Annotated[
        str | None, typer.Option("--every", help="A value for each: 5m, 1h.", metavar="TIME", show_default="what fits")
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Also what did not happen.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Answer with CSV: a line for each time.")] = False,
    watch: Watch = False,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """Numbers over time: events by type, the webhook's answers, replies' times, failures by reason, dead letters.

    Local keeps them as long as the bus keeps events, the webhook's as far as the log reaches. On AWS they are
    CloudWatch's; replies' times and reasons come from the log of events, as long as the stage keeps it.

    Example: twbot metrics

    Example: twbot metrics --since 10m --every 1m --watch

    Example: twbot metrics --since 7d --every 1d MESSAGE_RECEIVED TWEET_SENT reply-time --csv
    """
    source = metrics_of(target)
    chosen = _chosen(source.all_metrics(), names or [])

    def look() -> Series:
        over = _window(since, until, every, source.min_period)
        return over, source.series_of(over, {each.name for each in chosen})

    def show(found: Series) -> None:
        over, series = found
        _table(over, series if names or show_all else [each for each in series if each.total], len(series), utc)

    if watch:
        if as_csv:
            raise CliError("Give one of --csv and --watch.", code=Exit.USAGE)
        go_on(look, show, lambda found: _document(target, *found), every=interval_of(target), json=json)
    elif as_csv:
        _csv(*look(), utc)
    elif json:
        as_json(_document(target, *look()))
    else:
        with paged():
            show(look())


def _chosen(known: Sequence[Metric], names: Sequence[str]) -> list[Metric]:
    """Return the metrics with these names, or whose names begin with one and a hyphen; all if no name is given.

    Raises CliError for a name that matches none.
    """
    if not names:
        return list(known)
    chosen: dict[str, Metric] = {}
    for name in names:
        matching = [each for each in known if _matches(each.name, name)]
        if not matching and any(_matches(each.name, name) for each in _on_any_platform()):
            raise CliError(f"{name} is measured on AWS only.", hint="Name a stage: --stage", code=Exit.NOT_FOUND)
        if not matching:
            raise CliError(
                f"Nothing is measured as {name!r}.", hint="See what is: twbot metrics --all", code=Exit.NOT_FOUND
            )
        chosen |= {each.name: each for each in matching}
    return [each for each in known if each.name in chosen]


def _matches(name: str, prefix: str) -> bool:
    return name.lower() == prefix.lower() or name.lower().startswith(f"{prefix.lower().rstrip('-_')}-")


def _window(since: str, until: str | None, every: str | None, min_period: Any) -> Window:
    """Return the window and its period.

    `min_period`: the shortest period (seconds) that still exists at a start time. Raises CliError if --every is no
    multiple of it, or makes too many values.
    """
    from twbot.cli.operations.metrics.records import fitting_window, length_text, window_between

    begin, finish = parse_window(since, until)
    start = begin.timestamp() if begin else time.time() - 3600
    end = finish.timestamp() if finish else time.time()
    # CloudWatch keeps values of one minute for 15 days only, of five minutes for 63 days:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
    shortest: int = min_period(start)
    if start >= end:
        raise CliError("--since lies ahead.", hint="Name a time that has been: --since 1h", code=Exit.USAGE)
    if every is None:
        return fitting_window(start, end, shortest=shortest, max_parts=BARS)
    seconds = parse_duration(every).total_seconds()
    if seconds < 1 or seconds % shortest:
        hint = f"Write --every as a multiple of {length_text(shortest)}"
        raise CliError(f"Nothing is kept for every {every} so far back.", hint=hint, code=Exit.USAGE)
    if (end - start) / seconds > MAX_PERIODS:
        raise CliError(f"That is more than {MAX_PERIODS} values.", hint="Use a longer --every", code=Exit.USAGE)
    return window_between(start, end, int(seconds))


def _table(over: Window, found: list[MetricSeries], of: int, utc: bool) -> None:
    from twbot.cli.operations.metrics.records import length_text

    title = f"{format_time(over.start, utc=utc)} to {format_time(over.end, utc=utc)}, every {length_text(over.step)}"
    what = Column("what it is", gives_way=True, spare=True)
    columns = ["metric", Column("over time", drawn=True), "in all", "newest", what]
    rows = [
        (
            *(each.metric.name, _chart(each)),
            *(_cell(each, value) for value in (each.total, each.values[-1])),
            each.metric.description,
        )
        for each in found
    ]
    table(columns, rows, title=title)
    if len(found) < of:
        note(f"{count_text(of - len(found))} others did not happen; --all shows them.")


def _chart(each: MetricSeries) -> str:
    """Return a sparkline with a block per value, or per group of values if there are too many."""
    size = -(-len(each.values) // (BARS + 1))
    groups = [each.values[start : start + size] for start in range(0, len(each.values), size)]
    fold = sum if each.metric.statistic == "sum" else max
    return sparkline([fold(value or 0.0 for value in group) for group in groups])


def _cell(each: MetricSeries, value: float | None) -> Cell | None:
    if each.metric.unit == "s":
        return duration_cell(value)
    return None if value is None else Cell(round(value), count_text(round(value)))


def _times(over: Window) -> list[datetime.datetime]:
    starts = range(over.start, over.end, over.step)
    return [datetime.datetime.fromtimestamp(start, datetime.UTC) for start in starts]


def _document(target: Target, over: Window, found: list[MetricSeries]) -> dict[str, Any]:
    import msgspec

    rows = [{**msgspec.structs.asdict(each.metric), "whole": each.total, "values": each.values} for each in found]
    times = _times(over)
    return {
        "stage": target.stage,
        "since": times[0],
        "until": datetime.datetime.fromtimestamp(over.end, datetime.UTC),
        "every_seconds": over.step,
        "times": times,
        "metrics": rows,
    }


def _csv(over: Window, found: list[MetricSeries], utc: bool) -> None:
    rows = []
    for number, at in enumerate(_times(over)):
        when = at if utc else at.astimezone()
        values = (each.values[number] for each in found)
        rows.append([when.isoformat(), *("" if value is None else f"{value:.12g}" for value in values)])
    print_csv(["time", *(each.metric.name for each in found)], rows)
