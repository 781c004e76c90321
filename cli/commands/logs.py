"""`twbot logs`: the structured log, of a service or a post."""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal

import msgspec
import typer

from cli.operations import log_lines
from cli.options import AsJson, placed
from cli.render import as_json_line, out, say
from cli.stage import Place
from cli.times import Since, Until, Utc, shown, window

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
STYLES = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}
SHOWN = {"timestamp", "level", "logger", "message", "correlation_id", "exception", "steps"}
SERVICES = ("web", "ingress", "events", "analysis", "replays")
Line = dict[str, Any]


def _services(incomplete: str) -> list[str]:
    return [name for name in SERVICES if name.startswith(incomplete)]


@placed
def logs(
    place: Place,
    service: Annotated[
        str | None, typer.Argument(help="Only lines of this logger, e.g. analysis.", autocompletion=_services)
    ] = None,
    tweet: Annotated[str | None, typer.Option("--tweet", help="Only lines about this post.")] = None,
    level: Annotated[
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

    Example: twbot logs --level warning --since 2h

    Example: twbot logs analysis --follow
    """
    wanted = _filter(service, tweet, level.upper(), *window(since, until))
    log = log_lines(place)
    show = as_json_line if json else _shower(utc)
    try:
        for line in deque(filter(wanted, log.lines(tweet)), maxlen=limit):
            show(line)
        if follow:
            grown = log.follow()
            say("Following; Ctrl-C stops …") if not json else None
            _follow(filter(wanted, grown), show)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _follow(lines: Iterable[Line], show: Callable[[Line], None]) -> None:
    for line in lines:
        show(line)


def _filter(
    service: str | None,
    tweet: str | None,
    level: str,
    since: datetime.datetime | None,
    until: datetime.datetime | None,
) -> Callable[[Line], bool]:
    least = LEVELS.index(level)

    def wanted(line: Line) -> bool:
        if service and f"twbot.{service}" != line.get("logger"):
            return False
        if tweet and line.get("correlation_id") != tweet:
            return False
        if LEVELS.index(line.get("level", "INFO")) < least:
            return False
        at = datetime.datetime.fromisoformat(line["timestamp"]) if since or until else None
        return at is None or ((since is None or at >= since) and (until is None or at < until))

    return wanted


def _shower(utc: bool) -> Callable[[Line], None]:
    from rich.text import Text

    def show(line: Line) -> None:
        more = " ".join(f"{name}={_plain(value)}" for name, value in line.items() if name not in SHOWN)
        name = str(line.get("logger", "")).removeprefix("twbot.")
        start = f"{shown(line['timestamp'], utc=utc)}  {line.get('level', ''):<8}{name:<11} {line.get('message', '')}"
        about = f"  [{line['correlation_id']}]" if line.get("correlation_id") else ""
        out.print(Text(start, STYLES.get(line.get("level", ""), "")) + Text(f"{about}  {more}", "dim"), soft_wrap=True)
        if "exception" in line:
            out.print(Text(str(line["exception"]), "red"), soft_wrap=True)

    return show


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
