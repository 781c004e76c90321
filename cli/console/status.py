"""Status: what `twbot status` shows, the doctor, and the dot in the header."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console import drawing
from twbot.cli.console.examination import Examination
from twbot.cli.console.health import Recent
from twbot.cli.console.pages import Console, Done
from twbot.cli.console.timeline import simulated
from twbot.cli.operations.status.records import MINUTE, LastHour, StatusSnapshot, the_last_hour
from twbot.cli.screens.status import about_bot, about_rest, about_x
from twbot.cli.ui.check import MARKS
from twbot.cli.ui.figures import duration_text
from twbot.cli.ui.times import format_time
from twbot.cli.x.status import XStatus, read_x_status
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.settings import load, settings_file
from twbot.lambdas.x.rate_limits import XLimit

# X limits how often it is asked.
X_SECONDS = 60.0
CLASSES = {"red": "bad", "yellow": "warn", "green": "good", "dim": "dim", "": ""}


class Fact(NamedTuple):
    """What is known of one thing."""

    name: str
    says: str
    kind: str
    """The class that its words have."""


def routes(console: Console) -> list[Route]:
    x = Recent(lambda: read_x_status(console.target.open()), X_SECONDS)
    doctor = Examination(console.target)

    def status(request: Request) -> Response:
        return console.page(
            request,
            "status.html",
            title="Status",
            doctor=doctor,
            marks=MARKS,
            off=_off(console),
            **_now(console, x, ask_x="x" in request.query_params),
        )

    def now(request: Request) -> Response:
        return console.page(request, "status_now.html", **_now(console, x, ask_x=False))

    def dot(request: Request) -> Response:
        return console.page(request, "dot.html", shown=console.health(None))

    def checks(request: Request) -> Response:
        return console.page(request, "doctor.html", doctor=doctor, marks=MARKS)

    def examine(_: Request, form: FormData) -> Done:
        doctor.start(models="models" in form)
        return Done("/status")

    return [
        Route("/status", status),
        Route("/status/now", now),
        Route("/status/dot", dot),
        Route("/status/doctor", checks),
        Route("/status/doctor", console.action(examine), methods=["POST"]),
    ]


def _off(console: Console) -> str:
    """Return why the settings let the bot reply to nobody; empty where they let it."""
    file = settings_file()
    try:
        return "" if load(file, console.target.stage).replies else f"Off: replies = false in {file}."
    except TwbotError as error:  # the doctor of this page says what to do
        return str(error)


def _now(console: Console, asked: Recent[XStatus], *, ask_x: bool) -> dict[str, Any]:
    """Return what the status shows. X is asked where that costs nothing, or where somebody wants it."""
    found, option = console.status.get(), console.target.option
    x = asked.get() if found.running and (ask_x or simulated(console)) else asked.last if found.running else None
    of_x = about_x(x, option) if x else []
    rows = [*about_bot(found, False, option), *of_x, *about_rest(found, option)]
    return {
        "found": found,
        "facts": [Fact(each.name, each.says, CLASSES[each.style]) for each in rows],
        "is_x_asked": x is not None,
        "limits": limits_of(found, x),
        "hour": lines_of(found.last_hour),
        "paused": found.switch.stops(time.time()),
        "refresh": 10 if console.target.is_local else 60,
    }


def limits_of(found: StatusSnapshot, x: XStatus | None) -> list[XLimit]:
    """Return X's limits, the tightest first."""
    known = {(each.call, each.span): each for each in [*(x.limits if x else []), *found.limits]}
    return sorted(known.values(), key=lambda each: each.left / each.allowed if each.allowed else 0.0)


def lines_of(hour: LastHour) -> list[drawing.Line]:
    """Draw the last hour, minute by minute."""
    start = the_last_hour(time.time()).start
    minutes = [format_time(start + MINUTE * each)[:16] for each in range(60)]
    counts = (
        ("messages", hour.messages, ""),
        ("replies", hour.replies, _beside(hour)),
        ("failures", hour.failures, _reasons(hour)),
    )
    lines = [
        drawing.line(name, f"{sum(values):,.0f}{more}", minutes[: len(values)], values, words=_count)
        for name, values, more in counts
    ]
    return [*lines, _reply_times(hour, minutes)]


def _reply_times(hour: LastHour, minutes: list[str]) -> drawing.Line:
    says = "no reply in the last hour"
    if not hour.reply_times:
        says = "not read"
    elif hour.median is not None and hour.p95 is not None:
        says = f"median {duration_text(hour.median)}, 95% within {duration_text(hour.p95)}"
    values = hour.reply_times
    return drawing.line("reply time", says, minutes[: len(values)], values, words=duration_text, is_count=False)


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _beside(hour: LastHour) -> str:
    put_off = f", {hour.put_off} times put off" if hour.put_off else ""
    return put_off + (f", {hour.withheld} withheld" if hour.withheld else "")


def _reasons(hour: LastHour) -> str:
    reasons = ", ".join(f"{count} {reason}" for reason, count in hour.failed.items())
    return f": {reasons}" if reasons else ""
