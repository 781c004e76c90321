"""`twbot status`: the bot on one screen."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Generic, TypeVar

import typer

from twbot.cli.operations.status.port import status_of
from twbot.cli.operations.target import Target
from twbot.cli.screens.status import document, screen
from twbot.cli.ui.console import as_json, as_json_line, out
from twbot.cli.ui.options import AsJson, targeted
from twbot.cli.ui.times import Utc
from twbot.lambdas.errors import TwbotError

if TYPE_CHECKING:
    from twbot.cli.operations.status.records import StatusSnapshot
    from twbot.cli.x.status import XStatus

X_POLL_INTERVAL = 60.0
REDRAW_INTERVAL = 1.0
Found = TypeVar("Found")


@targeted
def status(
    target: Target,
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
    from twbot.cli.x.status import XStatus, read_x_status

    bot = status_of(target)

    def ask_x() -> XStatus:
        if target.is_local and not bot.read().running:
            return XStatus(problem="not asked, as no bot runs")
        return read_x_status(target.open())

    if watch:
        _watch(
            Refreshed(bot.read, bot.poll_interval),
            Refreshed(ask_x, X_POLL_INTERVAL),
            json=json,
            utc=utc,
            option=target.option,
        )
        return
    with ThreadPoolExecutor(1) as pool:
        x = pool.submit(ask_x)
        found = bot.read()
        as_json(document(found, x.result())) if json else out.print(screen(found, x.result(), utc, target.option))


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


def _watch(bot: Refreshed[StatusSnapshot], x: Refreshed[XStatus], *, json: bool, utc: bool, option: str) -> None:
    """Until Ctrl-C. What fails for a while is shown beside what was known before."""
    try:
        _lines(bot, x) if json else _live(bot, x, utc, option)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    finally:
        bot.stop()
        x.stop()


def _live(bot: Refreshed[StatusSnapshot], x: Refreshed[XStatus], utc: bool, option: str) -> None:
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    with Live(console=out, auto_refresh=False, screen=out.is_terminal) as live:
        while True:
            problems = [Text(f"Could not look: {each.problem}", "yellow") for each in (bot, x) if each.problem]
            seen = screen(bot.value, x.value, utc, option) if bot.value else Text("Looking …", "dim")
            live.update(Group(seen, *problems), refresh=True)
            time.sleep(REDRAW_INTERVAL)


def _lines(bot: Refreshed[StatusSnapshot], x: Refreshed[XStatus]) -> None:
    """One line each time that the bot was looked at."""
    told = 0
    while True:
        if bot.number > told and (x.number or bot.problem):
            told = bot.number
            as_json_line({"problem": bot.problem} if bot.problem or not bot.value else document(bot.value, x.value))
        time.sleep(0.05)
