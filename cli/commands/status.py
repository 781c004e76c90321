"""`twbot status`: the bot on one screen."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import typer

from cli.charts import sparkline
from cli.operations import condition
from cli.options import AsJson, placed
from cli.render import as_json, as_json_line, out
from cli.stage import Place
from cli.times import Utc, shown, took
from lambdas.errors import TwbotError

if TYPE_CHECKING:
    from rich.table import Table

    from cli.generations import OnX
    from lambdas.operating.vitals import LastHour, Vitals
    from lambdas.x_limits import XLimit

ASK_X_EVERY = 60.0
DRAW_EVERY = 1.0
BARS = 30
ANSWERING = ("POST /2/tweets", "POST /2/media", "GET /2/tweets")
Row = tuple[str, str, str]
Found = TypeVar("Found")


@placed
def status(
    place: Place,
    watch: Annotated[bool, typer.Option("--watch", help="Go on showing it until Ctrl-C.")] = False,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """The bot on one screen: whether it runs, what X thinks of its webhook, the last hour, what waits and what failed.

    On local it works when the bot is down, too; of X's side only a running bot is told. On AWS the numbers are
    CloudWatch's, a minute or two old, and --watch looks once a minute.

    Example: twbot status

    Example: twbot status --stage prod --watch
    """
    from cli.generations import OnX, on_x

    bot = condition(place)

    def ask_x() -> OnX:
        if place.is_local and not bot.look().running:
            return OnX(problem="not asked, as no bot runs")
        return on_x(place.open())

    if watch:
        _watch(Refreshed(bot.look, bot.every), Refreshed(ask_x, ASK_X_EVERY), json=json, utc=utc, option=place.option)
        return
    with ThreadPoolExecutor(1) as pool:
        x = pool.submit(ask_x)
        found = bot.look()
        as_json(_document(found, x.result())) if json else out.print(_screen(found, x.result(), utc, place.option))


class Refreshed(Generic[Found]):
    """Something that is asked for again and again, aside; `value` is the last that came, `problem` why none came since.

    `number` grows with each answer.
    """

    def __init__(self, ask: Callable[[], Found], every: float) -> None:
        self._ask, self._every = ask, every
        self._enough = threading.Event()
        self.value: Found | None = None
        self.problem: str | None = None
        self.number = 0
        threading.Thread(target=self._go_on, daemon=True).start()

    def _go_on(self) -> None:
        while not self._enough.is_set():
            try:
                self.value, self.problem = self._ask(), None
            except Exception as error:  # whatever it is: it may be over the next time
                said = str(error) if isinstance(error, TwbotError) else f"{type(error).__name__}: {error}"
                self.problem = f"{said} ({datetime.datetime.now().astimezone():%H:%M:%S})"
            self.number += 1
            self._enough.wait(self._every)

    def stop(self) -> None:
        """Ask no more; what is being asked is not waited for."""
        self._enough.set()


def _watch(bot: Refreshed[Vitals], x: Refreshed[OnX], *, json: bool, utc: bool, option: str) -> None:
    """Until Ctrl-C. What fails for a while is shown beside what was known before."""
    try:
        _lines(bot, x) if json else _live(bot, x, utc, option)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    finally:
        bot.stop()
        x.stop()


def _live(bot: Refreshed[Vitals], x: Refreshed[OnX], utc: bool, option: str) -> None:
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    with Live(console=out, auto_refresh=False, screen=out.is_terminal) as live:
        while True:
            problems = [Text(f"Could not look: {each.problem}", "yellow") for each in (bot, x) if each.problem]
            screen = _screen(bot.value, x.value, utc, option) if bot.value else Text("Looking …", "dim")
            live.update(Group(screen, *problems), refresh=True)
            time.sleep(DRAW_EVERY)


def _lines(bot: Refreshed[Vitals], x: Refreshed[OnX]) -> None:
    """One line each time that the bot was looked at."""
    told = 0
    while True:
        if bot.number > told and (x.number or bot.problem):
            told = bot.number
            as_json_line({"problem": bot.problem} if bot.problem or not bot.value else _document(bot.value, x.value))
        time.sleep(0.05)


def _document(found: Vitals, x: OnX | None) -> dict[str, Any]:
    hour = found.last_hour
    return {
        "place": found.place,
        "running": found.running,
        "pid": found.pid,
        "url": found.url,
        "started": found.started,
        "x": _x_document(x),
        "limits": found.limits,
        "last_hour": {
            "messages": int(sum(hour.messages)),
            "replies": int(sum(hour.replies)),
            "failures": int(sum(hour.failures)),
            "failed_by_reason": hour.failed,
            "put_off": hour.put_off,
            "reply_seconds": {"median": _round(hour.median), "p95": _round(hour.p95)},
            "by_minute": {"messages": hour.messages, "replies": hour.replies, "failures": hour.failures},
        },
        "waiting": found.waiting,
        "dead_letters": found.dead,
    }


def _x_document(x: OnX | None) -> dict[str, Any] | None:
    import msgspec

    return None if x is None else {**msgspec.structs.asdict(x), "generation": x.generation, "ends": x.ends}


def _screen(found: Vitals, x: OnX | None, utc: bool, option: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 3))
    says_x = [("X", "being asked …", "dim")] if x is None else [*_what_x_says(x, option), *_used(x)]
    rows = [*_who(found, utc), *says_x, *_limits(found.limits, x, utc), *_hour(found.last_hour), *_left(found, option)]
    for name, said, style in rows:
        grid.add_row(Text(name, "bold"), Text(said, style))
    return grid


def _who(found: Vitals, utc: bool) -> list[Row]:
    if not found.running:
        return [("bot", f"not running on {found.place}. Start it with: twbot up", "red")]
    since = f" since {shown(found.started, utc=utc)} (process {found.pid})" if found.started else ""
    return [("bot", f"runs on {found.place}{since}", "green"), ("", found.url or "", "")]


def _what_x_says(x: OnX, option: str) -> list[Row]:
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


def _used(x: OnX) -> Iterator[Row]:
    if x.usage is not None and x.usage.of:
        share = x.usage.used / x.usage.of
        anew = f", anew on day {x.usage.anew} of the month" if x.usage.anew else ""
        says = f"{x.usage.used:,} of {x.usage.of:,} posts read this month ({share:.1%}){anew}"
        yield "X's cap", says, "red" if share >= 1 else "yellow" if share >= 0.9 else ""


def _limits(of_bot: list[XLimit], x: OnX | None, utc: bool) -> Iterator[Row]:
    """Of what the bot needs to answer all; of other calls, also those that asked this, only what is nearly used up."""
    known = {(each.call, each.span): each for each in [*(x.limits if x else []), *of_bot]}
    told = [each for each in known.values() if each.call.startswith(ANSWERING) or each.left < 0.1 * each.allowed]
    for number, each in enumerate(told):
        until = f" until {shown(each.reset, utc=utc)}" if each.reset else ""
        says = f"{each.call}: {each.left:,} of {each.allowed:,} left{until} ({each.span})"
        yield "" if number else "X's limits", says, "red" if not each.left else ""


def _hour(hour: LastHour) -> list[Row]:
    reasons = ", ".join(f"{count} {reason}" for reason, count in hour.failed.items())
    put_off = f", {hour.put_off} times put off" if hour.put_off else ""
    rows = [
        _counted("messages", hour.messages),
        _counted("replies", hour.replies, put_off),
        _counted("failures", hour.failures, f": {reasons}" if reasons else "", "red"),
    ]
    if hour.median is None or hour.p95 is None:
        return [*rows, ("reply time", "no reply in the last hour", "dim")]
    chart = sparkline([max(each or 0.0 for each in pair) for pair in _pairs(hour.reply_times)])
    return [*rows, ("reply time", f"{chart}  median {took(hour.median)}, 95% {took(hour.p95)}", "")]


def _counted(name: str, values: list[float], more: str = "", style: str = "") -> Row:
    chart = sparkline([sum(pair) for pair in _pairs(values)])
    return name, f"{chart}  {sum(values):.0f} in the last hour{more}", style if any(values) else ""


def _pairs(values: list[Any]) -> list[list[Any]]:
    """So that they fit: as many as there are bars."""
    size = max(1, -(-len(values) // BARS))
    return [values[start : start + size] for start in range(0, len(values), size)]


def _left(found: Vitals, option: str) -> list[Row]:
    dead = ", ".join(f"{count} at {name}" for name, count in found.dead.items())
    return [
        ("waiting", f"{found.waiting} deliveries", ""),
        ("dead letters", f"{dead}. See: twbot dlq list{option}" if dead else "none", "red" if dead else ""),
    ]


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
