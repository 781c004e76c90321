"""Renders a bot's status snapshot and X's side of it: one screen for people, one document for programs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from twbot.cli.spelling import pasteable
from twbot.cli.ui.charts import sparkline
from twbot.cli.ui.figures import count_text, duration_text, percent_text, size_text
from twbot.cli.ui.layout import Fact
from twbot.cli.ui.times import format_time
from twbot.lambdas.analysis.languages import described

if TYPE_CHECKING:
    from twbot.cli.operations.status.records import LastHour, StatusSnapshot
    from twbot.cli.x.status import XStatus
    from twbot.lambdas.egress.permission import Switch
    from twbot.lambdas.x.rate_limits import XLimit

BARS = 30


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


def screen(found: StatusSnapshot, x: XStatus | None, utc: bool, option: str, *, limits: bool = False) -> list[Fact]:
    """Return what people are shown; `x` is None until X has answered.

    `option`: --stage, for the commands in hints. `limits`: all of X's limits, not the tightest one only.
    """
    rows = [
        *about_bot(found, utc, option),
        *about_x(x, option),
        *_limits(found.limits, x, utc, option, show_all=limits),
        *_hour(found.last_hour),
        *about_rest(found, option),
    ]
    return [each._replace(says=pasteable(each.says)) for each in rows]


def about_bot(found: StatusSnapshot, utc: bool, option: str) -> list[Fact]:
    """Return whether the bot runs, and whether it may reply."""
    return [*_who(found, utc, option), *_paused(found.switch, utc, option)]


def about_x(x: XStatus | None, option: str) -> list[Fact]:
    """Return what X thinks of the bot's webhook."""
    return [Fact("X", "being asked …", "dim")] if x is None else [*_webhook_and_subscriptions(x, option), *_usage(x)]


def about_rest(found: StatusSnapshot, option: str) -> list[Fact]:
    """Return what waits, what failed for good, what takes room, what is read, and what is not."""
    return [
        *_left(found, option),
        *_room(found),
        *([Fact("reads", described(found.reads))] if found.reads else []),
        *(Fact("damaged", f"{each}: left as it is, and left out of queries", "red") for each in found.damaged),
        *(Fact("not read", each, "yellow") for each in found.unread),
    ]


def _who(found: StatusSnapshot, utc: bool, option: str) -> list[Fact]:
    if not found.running:
        return [Fact("bot", f"not running on {found.place}. Start it with: twbot up{option}", "red")]
    if found.problem:
        says = f"runs as process {found.pid}, but refuses X's webhooks. {found.problem} See: twbot logs --level error"
        return [Fact("bot", f"{says}{option}", "red"), *_address(found)]
    since = f" since {format_time(found.started, utc=utc)} (process {found.pid})" if found.started else ""
    return [Fact("bot", f"runs on {found.place}{since}", "green"), *_address(found)]


def _address(found: StatusSnapshot) -> list[Fact]:
    return [Fact("", found.url)] if found.url else []


def _paused(switch: Switch, utc: bool, option: str) -> Iterator[Fact]:
    if switch.stops(time.time()):
        yield Fact("replies", f"{paused(switch, utc=utc)}. Go on with: twbot replies resume{option}", "red")


def paused(switch: Switch, *, utc: bool = False) -> str:
    """Return since when replies are paused, until when, and why."""
    since = f" since {format_time(switch.since, utc=utc)}" if switch.since else ""
    until = f" until {format_time(switch.until, utc=utc)}" if switch.until else ""
    return f"PAUSED{since}{until}{f': {switch.reason}' if switch.reason else ''}"


def _webhook_and_subscriptions(x: XStatus, option: str) -> list[Fact]:
    if x.problem:
        return [Fact("X", f"{x.problem}{f' {x.fix}' if x.fix else ''}", "yellow")]
    if x.webhook is None:
        others = f" (X has {x.others} of this app, at other addresses)" if x.others else ""
        says = f"no webhook is registered{others}. Register it with: twbot webhook register{option}"
        return [Fact("X", says, "red")]
    valid = Fact("X", "webhook valid", "green")
    if not x.valid:
        valid = Fact("X", f"webhook NOT valid. See: twbot webhook check{option}", "red")
    add = f"twbot subscription add{option}"
    if x.generation is None:
        return [valid, Fact("", f"nothing is subscribed. Subscribe with: {add}", "red")]
    counts = f"{x.generation}: {x.account_activity + x.x_activity} subscriptions"
    if not x.subscribed:
        return [valid, Fact("", f"{counts}, none for the bot's own account {x.account}. Add them: {add}", "red")]
    ends = f"{counts}; it ends on {x.ends:%-d %B %Y}: twbot subscription migrate{option}" if x.ends else counts
    return [valid, Fact("", ends, "yellow" if x.ends else "")]


def _usage(x: XStatus) -> Iterator[Fact]:
    if x.usage is not None and x.usage.of:
        share = x.usage.used / x.usage.of
        again = f", from 0 again on day {x.usage.anew} of the month" if x.usage.anew else ""
        used = f"{count_text(x.usage.used)} of {count_text(x.usage.of)} posts read this month"
        style = "red" if share >= 1 else "yellow" if share >= 0.9 else ""
        yield Fact("X's cap", f"{used} ({percent_text(share)}){again}", style)


def _limits(
    of_bot: list[XLimit], x: XStatus | None, utc: bool, option: str, *, show_all: bool = False
) -> Iterator[Fact]:
    """Yield the limit of which the smallest share is left, and how to see the others; or all of them."""
    known = {(each.call, each.span): each for each in [*(x.limits if x else []), *of_bot]}
    ordered = sorted(known.values(), key=lambda each: each.left / each.allowed if each.allowed else 0.0)
    shown = ordered if show_all else ordered[:1]
    for number, each in enumerate(shown):
        until = f" until {format_time(each.reset, utc=utc)}" if each.reset else ""
        left = f"{count_text(each.left)} of {count_text(each.allowed)} left{until} ({each.span})"
        more = len(ordered) - len(shown)
        others = f"; {count_text(more)} more: twbot status --limits{option}" if more else ""
        yield Fact("" if number else "X's limits", f"{each.call}: {left}{others}", "" if each.left else "red")


def _hour(hour: LastHour) -> list[Fact]:
    reasons = ", ".join(f"{count_text(count)} {reason}" for reason, count in hour.failed.items())
    put_off = f", {count_text(hour.put_off)} times put off" if hour.put_off else ""
    put_off += f", {count_text(hour.withheld)} withheld" if hour.withheld else ""
    facts = [
        _counted("messages", hour.messages),
        _counted("replies", hour.replies, put_off),
        _counted("failures", hour.failures, f": {reasons}" if reasons else "", "red"),
    ]
    if not hour.reply_times:
        return [*facts, Fact("reply time", "not read", "yellow")]
    if hour.median is None or hour.p95 is None:
        return [*facts, Fact("reply time", "no reply in the last hour", "dim")]
    chart = sparkline([max(each or 0.0 for each in pair) for pair in _pairs(hour.reply_times)])
    says = f"median {duration_text(hour.median)}, 95% {duration_text(hour.p95)}"
    return [*facts, Fact("reply time", says, drawing=chart)]


def _counted(name: str, values: list[float], more: str = "", style: str = "") -> Fact:
    chart = sparkline([sum(pair) for pair in _pairs(values)])
    says = f"{count_text(round(sum(values)))} in the last hour{more}"
    return Fact(name, says, style if any(values) else "", chart)


def _pairs(values: list[Any]) -> list[list[Any]]:
    """Group the values into at most BARS groups, so that the chart fits."""
    size = max(1, -(-len(values) // BARS))
    return [values[start : start + size] for start in range(0, len(values), size)]


def _left(found: StatusSnapshot, option: str) -> list[Fact]:
    dead = ", ".join(f"{count_text(count)} at {name}" for name, count in found.dead.items())
    says = f"{dead}. See: twbot dlq list{option}" if dead else "none"
    return [
        Fact("waiting", f"{count_text(found.waiting)} deliveries"),
        Fact("dead letters", says, "red" if dead else ""),
    ]


def _room(found: StatusSnapshot) -> list[Fact]:
    if not found.sizes:
        return []
    parts = [f"{name} {size_text(size)}" for name, size in found.sizes.items() if name != "free"]
    return [Fact("room", f"{', '.join(parts)}; {size_text(found.sizes['free'])} free")]


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
