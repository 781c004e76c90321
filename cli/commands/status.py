"""`twbot status`: shows the bot on one screen, once or continuously."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable
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
    from twbot.cli.operations.status.port import StatusProbe
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
    bot = status_of(target)
    if watch:
        _watch(
            Refreshed(bot.read, bot.poll_interval),
            Refreshed(lambda: _ask_x(target, not target.is_local or bot.read().running), X_POLL_INTERVAL),
            json=json,
            utc=utc,
            option=target.option,
        )
        return
    found, x = _once(target, bot)
    as_json(document(found, x)) if json else out.print(screen(found, x, utc, target.option))


def _once(target: Target, bot: StatusProbe) -> tuple[StatusSnapshot, XStatus]:
    if target.is_local:
        # It takes milliseconds, and tells whether there is a bot that X is asked about.
        found = bot.read()
        return found, _ask_x(target, found.running)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        x = pool.submit(_ask_x, target, True)
        return bot.read(), x.result()


def _ask_x(target: Target, runs: bool) -> XStatus:
    from twbot.cli.x.status import XStatus, read_x_status

    return read_x_status(target.open()) if runs else XStatus(problem="not asked, as no bot runs")


class Refreshed(Generic[Found]):
    """A value that a thread of its own reads again and again, `every` so many seconds.

    `value` is the last value that was read, `problem` the error if reading has failed since. `number` counts the reads.
    """

    def __init__(self, ask: Callable[[], Found], every: float) -> None:
        self._ask, self._every = ask, every
        self._stopped = threading.Event()
        self.value: Found | None = None
        self.problem: str | None = None
        self.number = 0
        # A daemon: Ctrl-C does not wait for a read that hangs.
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.value, self.problem = self._ask(), None
            except Exception as error:  # of any kind: the next read may succeed, and the thread must not end
                message = str(error) if isinstance(error, TwbotError) else f"{type(error).__name__}: {error}"
                self.problem = f"{message} ({datetime.datetime.now().astimezone():%H:%M:%S})"
            self.number += 1
            self._stopped.wait(self._every)

    def stop(self) -> None:
        """Stop reading, without waiting for a read under way."""
        self._stopped.set()


def _watch(bot: Refreshed[StatusSnapshot], x: Refreshed[XStatus], *, json: bool, utc: bool, option: str) -> None:
    """Show the status until Ctrl-C. A problem is shown beside the last values."""
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
            shown = screen(bot.value, x.value, utc, option) if bot.value else Text("Looking …", "dim")
            live.update(Group(shown, *problems), refresh=True)
            time.sleep(REDRAW_INTERVAL)


def _lines(bot: Refreshed[StatusSnapshot], x: Refreshed[XStatus]) -> None:
    """Print a JSON line for each read of the bot's status."""
    printed = 0
    while True:
        # The first line waits for X, so that every line has X's side.
        if bot.number > printed and (x.number or bot.problem):
            printed = bot.number
            as_json_line({"problem": bot.problem} if bot.problem or not bot.value else document(bot.value, x.value))
        time.sleep(0.05)
