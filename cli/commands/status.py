"""`twbot status`: the bot on one screen."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.charts import by_minute, sparkline
from cli.options import AsJson, Data
from cli.render import as_json, as_json_line, out
from cli.times import Utc, shown, took

if TYPE_CHECKING:
    from rich.table import Table

    from cli.generations import OnX
    from local.vitals import Vitals

EVERY = 2.0
ASK_X_EVERY = 60.0
SLOTS = 30


def status(
    watch: Annotated[bool, typer.Option("--watch", help="Go on showing it until Ctrl-C.")] = False,
    utc: Utc = False,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """The bot on one screen: whether it runs, what X thinks of its webhook, the last hour, what waits and what failed.

    Works when the bot is down, too. Of X's side only a running bot is told.

    Example: twbot status

    Example: twbot status --watch
    """
    from cli.generations import OnX, on_x
    from cli.stage import open_stage
    from local.home import data_folder
    from local.vitals import vitals

    folder = data_folder(data)

    def ask_x() -> OnX:
        stage = open_stage("local", profile=None, region=None, data=folder)
        return on_x(stage) if vitals(folder).running else OnX(problem="not asked, as no bot runs")

    if watch:
        _watch(lambda: vitals(folder), ask_x, json=json, utc=utc)
        return
    found, x = vitals(folder), ask_x()
    as_json(_document(found, x)) if json else out.print(_screen(found, x, utc))


def _watch(look: Any, ask_x: Any, *, json: bool, utc: bool) -> None:
    from rich.live import Live

    x, asked = ask_x(), time.monotonic()
    try:
        with Live(console=out, auto_refresh=False, screen=out.is_terminal and not json) as live:
            while True:
                if time.monotonic() - asked > ASK_X_EVERY:
                    x, asked = ask_x(), time.monotonic()
                if json:
                    as_json_line(_document(look(), x))
                else:
                    live.update(_screen(look(), x, utc), refresh=True)
                time.sleep(EVERY)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _document(found: Vitals, x: OnX) -> dict[str, Any]:
    hour, took_seconds = found.last_hour, [seconds for _, seconds in found.last_hour.latencies]
    return {
        "data": found.place,
        "running": found.running,
        "pid": found.pid,
        "url": found.url,
        "started": found.started,
        "x": {
            "webhook": x.webhook,
            "valid": x.valid,
            "generation": x.generation,
            "account_activity": x.account_activity,
            "x_activity": x.x_activity,
            "ends": x.ends,
            "problem": x.problem,
        },
        "last_hour": {
            "messages": len(hour.messages),
            "replies": len(hour.replies),
            "failures": len(hour.failures),
            "reply_seconds": {"median": _median(took_seconds), "p95": _p95(took_seconds)},
        },
        "waiting": found.waiting,
        "dead_letters": found.dead,
    }


def _screen(found: Vitals, x: OnX, utc: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 3))
    for name, said, style in [*_who(found, utc), *_what_x_says(x), *_hour(found), *_left(found)]:
        grid.add_row(Text(name, "bold"), Text(said, style))
    return grid


def _who(found: Vitals, utc: bool) -> list[tuple[str, str, str]]:
    if not found.running:
        return [("bot", f"not running on {found.place}. Start it with: twbot up", "red")]
    says = f"runs on {found.place} since {shown(found.started, utc=utc)} (process {found.pid})"
    return [("bot", says, "green"), ("", found.url or "", "")]


def _what_x_says(x: OnX) -> list[tuple[str, str, str]]:
    if x.problem:
        return [("X", x.problem, "yellow")]
    if x.webhook is None:
        return [("X", "no webhook is registered. Register it with: twbot webhook register", "red")]
    valid = ("webhook valid", "green") if x.valid else ("webhook NOT valid. See: twbot webhook check", "red")
    if x.generation is None:
        return [("X", *valid), ("", "nothing is subscribed. Subscribe with: twbot subscription add", "red")]
    counts = f"{x.generation}: {x.account_activity + x.x_activity} subscriptions"
    ends = f"{counts}; it ends on {x.ends:%-d %B %Y}: twbot subscription migrate" if x.ends else counts
    return [("X", *valid), ("", ends, "yellow" if x.ends else "")]


def _hour(found: Vitals) -> list[tuple[str, str, str]]:
    hour = found.last_hour
    counted = (("messages", hour.messages, ""), ("replies", hour.replies, ""), ("failures", hour.failures, "red"))
    rows = [
        (name, f"{sparkline(by_minute(ages, bars=SLOTS))}  {len(ages)} in the last hour", style if ages else "")
        for name, ages, style in counted
    ]
    seconds = [each for _, each in hour.latencies]
    if not seconds:
        return [*rows, ("reply time", "no reply in the last hour", "dim")]
    chart = sparkline(_slowest(hour.latencies))
    return [*rows, ("reply time", f"{chart}  median {took(_median(seconds) or 0)}, 95% {took(_p95(seconds) or 0)}", "")]


def _left(found: Vitals) -> list[tuple[str, str, str]]:
    dead = ", ".join(f"{count} at {rule}" for rule, count in found.dead.items())
    return [
        ("waiting", f"{found.waiting} deliveries", ""),
        ("dead letters", f"{dead}. See: twbot dlq list" if dead else "none", "red" if dead else ""),
    ]


def _slowest(latencies: list[tuple[float, float]]) -> list[float]:
    """The slowest reply of each slot."""
    slots = [0.0] * SLOTS
    for age, seconds in latencies:
        slot = SLOTS - 1 - min(SLOTS - 1, int(age / 3600 * SLOTS))
        slots[slot] = max(slots[slot], seconds)
    return slots


def _median(values: list[float]) -> float | None:
    return round(statistics.median(values), 3) if values else None


def _p95(values: list[float]) -> float | None:
    return round(sorted(values)[int(len(values) * 0.95 - 1e-9)], 3) if values else None
