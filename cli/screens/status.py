"""Renders a bot's status snapshot and X's side of it: one screen for people, one document for programs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from twbot.cli.spelling import pasteable
from twbot.cli.ui.charts import sparkline
from twbot.cli.ui.times import duration_text, format_time
from twbot.lambdas.analysis.languages import described

if TYPE_CHECKING:
    from rich.table import Table

    from twbot.cli.operations.status.records import LastHour, StatusSnapshot
    from twbot.cli.x.status import XStatus
    from twbot.lambdas.egress.permission import Switch
    from twbot.lambdas.x.rate_limits import XLimit

BARS = 30
# The calls that every reply needs: their limits are always shown.
ANSWERING = ("POST /2/tweets", "POST /2/media", "GET /2/tweets")
Row = tuple[str, str, str]


def document(found: StatusSnapshot, x: XStatus | None) -> dict[str, Any]:
    """Return the document of `twbot status --json`; `x` is None if X was not asked."""
    hour = found.last_hour
    return {
        "place": found.place,
        "running": found.running,
        "pid": found.pid,
        "url": found.url,
        "started": found.started,
        "x": _x_document(x),
        "limits": found.limits,
        "replies_paused": found.switch.stops(time.time()),
        "last_hour": {
            "messages": int(sum(hour.messages)),
            "replies": int(sum(hour.replies)),
            "failures": int(sum(hour.failures)),
            "failed_by_reason": hour.failed,
            "put_off": hour.put_off,
            "withheld": hour.withheld,
            "reply_seconds": {"median": _round(hour.median), "p95": _round(hour.p95)},
            "by_minute": {"messages": hour.messages, "replies": hour.replies, "failures": hour.failures},
        },
        "waiting": found.waiting,
        "dead_letters": found.dead,
        "problem": found.problem,
        "sizes": found.sizes,
        "damaged": found.damaged,
        "unread": found.unread,
        "reads": found.reads,
    }


def _x_document(x: XStatus | None) -> dict[str, Any] | None:
    import msgspec

    return None if x is None else {**msgspec.structs.asdict(x), "generation": x.generation, "ends": x.ends}


def screen(found: StatusSnapshot, x: XStatus | None, utc: bool, option: str) -> Table:
    """Return the screen for people; `x` is None until X has answered. `option`: --stage, for the commands in hints."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 3))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")  # addresses are copied: on a narrow terminal none may end in an ellipsis
    rows = [
        *about_bot(found, utc, option),
        *about_x(x, option),
        *_limits(found.limits, x, utc),
        *_hour(found.last_hour),
        *about_rest(found, option),
    ]
    for name, text, style in rows:
        grid.add_row(Text(name, "bold"), Text(pasteable(text), style))
    return grid


def about_bot(found: StatusSnapshot, utc: bool, option: str) -> list[Row]:
    """Return whether the bot runs, and whether it may reply."""
    return [*_who(found, utc, option), *_paused(found.switch, utc, option)]


def about_x(x: XStatus | None, option: str) -> list[Row]:
    """Return what X thinks of the bot's webhook."""
    return [("X", "being asked …", "dim")] if x is None else [*_webhook_and_subscriptions(x, option), *_usage(x)]


def about_rest(found: StatusSnapshot, option: str) -> list[Row]:
    """Return what waits, what failed for good, what takes room, what is read, and what is not."""
    return [
        *_left(found, option),
        *_room(found),
        *([("reads", described(found.reads), "")] if found.reads else []),
        *(("damaged", f"{each}: left as it is, and left out of queries", "red") for each in found.damaged),
        *(("not read", each, "yellow") for each in found.unread),
    ]


def _who(found: StatusSnapshot, utc: bool, option: str) -> list[Row]:
    if not found.running:
        return [("bot", f"not running on {found.place}. Start it with: twbot up{option}", "red")]
    if found.problem:
        says = f"runs as process {found.pid}, but refuses X's webhooks. {found.problem} See: twbot logs --level error"
        return [("bot", f"{says}{option}", "red"), ("", found.url or "", "")]
    since = f" since {format_time(found.started, utc=utc)} (process {found.pid})" if found.started else ""
    return [("bot", f"runs on {found.place}{since}", "green"), ("", found.url or "", "")]


def _paused(switch: Switch, utc: bool, option: str) -> Iterator[Row]:
    if switch.stops(time.time()):
        yield "replies", f"{paused(switch, utc=utc)}. Go on with: twbot replies resume{option}", "red"


def paused(switch: Switch, *, utc: bool = False) -> str:
    """Return since when replies are paused, until when, and why."""
    since = f" since {format_time(switch.since, utc=utc)}" if switch.since else ""
    until = f" until {format_time(switch.until, utc=utc)}" if switch.until else ""
    return f"PAUSED{since}{until}{f': {switch.reason}' if switch.reason else ''}"


def _webhook_and_subscriptions(x: XStatus, option: str) -> list[Row]:
    if x.problem:
        return [("X", f"{x.problem}{f' {x.fix}' if x.fix else ''}", "yellow")]
    if x.webhook is None:
        others = f" (X has {x.others} of this app, at other addresses)" if x.others else ""
        return [("X", f"no webhook is registered{others}. Register it with: twbot webhook register{option}", "red")]
    valid = ("webhook valid", "green") if x.valid else (f"webhook NOT valid. See: twbot webhook check{option}", "red")
    add = f"twbot subscription add{option}"
    if x.generation is None:
        return [("X", *valid), ("", f"nothing is subscribed. Subscribe with: {add}", "red")]
    counts = f"{x.generation}: {x.account_activity + x.x_activity} subscriptions"
    if not x.subscribed:
        return [("X", *valid), ("", f"{counts}, none for the bot's own account {x.account}. Add them: {add}", "red")]
    ends = f"{counts}; it ends on {x.ends:%-d %B %Y}: twbot subscription migrate{option}" if x.ends else counts
    return [("X", *valid), ("", ends, "yellow" if x.ends else "")]


def _usage(x: XStatus) -> Iterator[Row]:
    if x.usage is not None and x.usage.of:
        share = x.usage.used / x.usage.of
        anew = f", anew on day {x.usage.anew} of the month" if x.usage.anew else ""
        says = f"{x.usage.used:,} of {x.usage.of:,} posts read this month ({share:.1%}){anew}"
        yield "X's cap", says, "red" if share >= 1 else "yellow" if share >= 0.9 else ""


def _limits(of_bot: list[XLimit], x: XStatus | None, utc: bool) -> Iterator[Row]:
    """Yield the limits of the calls that replies need; of all others, this command's included, those nearly used."""
    known = {(each.call, each.span): each for each in [*(x.limits if x else []), *of_bot]}
    relevant = [each for each in known.values() if each.call.startswith(ANSWERING) or each.left < 0.1 * each.allowed]
    for number, each in enumerate(relevant):
        until = f" until {format_time(each.reset, utc=utc)}" if each.reset else ""
        says = f"{each.call}: {each.left:,} of {each.allowed:,} left{until} ({each.span})"
        yield "" if number else "X's limits", says, "red" if not each.left else ""


def _hour(hour: LastHour) -> list[Row]:
    reasons = ", ".join(f"{count} {reason}" for reason, count in hour.failed.items())
    put_off = f", {hour.put_off} times put off" if hour.put_off else ""
    put_off += f", {hour.withheld} withheld" if hour.withheld else ""
    rows = [
        _counted("messages", hour.messages),
        _counted("replies", hour.replies, put_off),
        _counted("failures", hour.failures, f": {reasons}" if reasons else "", "red"),
    ]
    if not hour.reply_times:
        return [*rows, ("reply time", "not read", "yellow")]
    if hour.median is None or hour.p95 is None:
        return [*rows, ("reply time", "no reply in the last hour", "dim")]
    chart = sparkline([max(each or 0.0 for each in pair) for pair in _pairs(hour.reply_times)])
    return [*rows, ("reply time", f"{chart}  median {duration_text(hour.median)}, 95% {duration_text(hour.p95)}", "")]


def _counted(name: str, values: list[float], more: str = "", style: str = "") -> Row:
    chart = sparkline([sum(pair) for pair in _pairs(values)])
    return name, f"{chart}  {sum(values):.0f} in the last hour{more}", style if any(values) else ""


def _pairs(values: list[Any]) -> list[list[Any]]:
    """Group the values into at most BARS groups, so that the chart fits."""
    size = max(1, -(-len(values) // BARS))
    return [values[start : start + size] for start in range(0, len(values), size)]


def _left(found: StatusSnapshot, option: str) -> list[Row]:
    dead = ", ".join(f"{count} at {name}" for name, count in found.dead.items())
    return [
        ("waiting", f"{found.waiting} deliveries", ""),
        ("dead letters", f"{dead}. See: twbot dlq list{option}" if dead else "none", "red" if dead else ""),
    ]


def _room(found: StatusSnapshot) -> list[Row]:
    from rich.filesize import decimal

    if not found.sizes:
        return []
    parts = [f"{name} {decimal(size)}" for name, size in found.sizes.items() if name != "free"]
    return [("room", f"{', '.join(parts)}; {decimal(found.sizes['free'])} free", "")]


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
