"""`twbot logs`: shows the structured log of a service or a post."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

import msgspec
import typer

from twbot.cli.operations.logs.port import logs_of
from twbot.cli.operations.logs.records import Line, LogFilter, level, logger_of
from twbot.cli.operations.target import Target
from twbot.cli.ui.completion import complete_posts
from twbot.cli.ui.console import as_json_line, out, print_block, print_values, say
from twbot.cli.ui.options import AsJson, targeted
from twbot.cli.ui.pager import paged
from twbot.cli.ui.times import Since, Until, Utc, format_time, parse_window, time_cell

# For completion.
SERVICES = ("alerting", "analysis", "analytics", "egress", "events", "ingress", "replays", "responding", "web")
STYLES = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}
SHOWN = {"timestamp", "level", "logger", "message", "correlation_id", "exception", "steps", "function"}


def _services(incomplete: str) -> list[str]:
    return [name for name in SERVICES if name.startswith(incomplete)]


@targeted
def logs(
    target: Target,
    service: Annotated[
        str | None,
        typer.Argument(help="Only this service's lines, or function's, e.g. analysis.", autocompletion=_services),
    ] = None,
    tweet: Annotated[
        str | None, typer.Option("--tweet", help="Only lines about this post.", autocompletion=complete_posts)
    ] = None,
    least: Annotated[
        Literal["debug", "info", "warning", "error"], typer.Option("--level", help="From this level on.")
    ] = "info",
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The last so many.")] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as it grows, until Ctrl-C.")] = False,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """The log: structured lines, filtered by service, post, level and time.

    On AWS: what the functions logged, and Lambda of them (time-outs, crashes), what failed in the workflow, and what
    the webhook refused; of the last hour, or from the post's time on, unless --since says otherwise.

    Example: twbot logs --level warning --since 2h

    Example: twbot logs analysis --follow
    """
    start, end = parse_window(since, until)
    log_filter = LogFilter(service=service, tweet_id=tweet, level=least.upper(), since=start, until=end)
    log = logs_of(target)
    show = as_json_line if json else _printer(utc)
    try:
        found = deque(log.lines(log_filter), maxlen=limit)
        with contextlib.nullcontext() if json or follow else paged():
            for line in found:
                show(line)
        if follow:
            _follow(log.follow(log_filter), show, json)
        elif not found and not json:
            say("Nothing of that was logged." if since or tweet or target.is_local else "Nothing in the last hour.")
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _follow(lines: Iterator[Line], show: Callable[[Line], None], json: bool) -> None:
    if not json:
        say("Following; Ctrl-C stops …")
    for line in lines:
        show(line)


def _printer(utc: bool) -> Callable[[Line], None]:
    """Return a function that prints a line: for people, or tab-separated values in a pipe."""
    from rich.text import Text

    if not out.is_screen:
        print_values("time", "level", "service", "post", "message", "more", "exception")
        return lambda line: print_values(
            *(time_cell(line["timestamp"], utc=utc), level(line), _source(line), line.get("correlation_id")),
            *(line.get("message"), _more(line), line.get("exception")),
        )

    def show(line: Line) -> None:
        style = STYLES.get(level(line), "")
        start = (
            f"{format_time(line['timestamp'], utc=utc)}  {level(line):<8} {_source(line):<20} {line.get('message', '')}"
        )
        about = f"  [{line['correlation_id']}]" if line.get("correlation_id") else ""
        out.print(Text.assemble((start, style), (f"{about}  {_more(line)}".rstrip(), "dim")))
        if "exception" in line:
            print_block(str(line["exception"]), "red")

    return show


def _more(line: Line) -> str:
    return " ".join(f"{name}={_plain(value)}" for name, value in line.items() if name not in SHOWN)


def _source(line: Line) -> str:
    """Return the service, with the function if its name is another."""
    service, function = logger_of(line), line.get("function")
    return service if function in {None, service} else f"{service}/{function}"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
