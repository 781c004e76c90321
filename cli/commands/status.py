"""`twbot status`: shows the bot on one screen, once or continuously."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twbot.cli.operations.status.port import status_of
from twbot.cli.operations.target import Target
from twbot.cli.screens.status import document, screen
from twbot.cli.ui.console import as_json, facts
from twbot.cli.ui.options import AsJson, targeted
from twbot.cli.ui.times import Utc
from twbot.cli.ui.watching import Refreshed, Watch, go_on_with

if TYPE_CHECKING:
    from twbot.cli.operations.status.port import StatusProbe
    from twbot.cli.operations.status.records import StatusSnapshot
    from twbot.cli.x.status import XStatus

X_POLL_INTERVAL = 60.0


@targeted
def status(
    target: Target,
    watch: Watch = False,
    limits: Annotated[bool, typer.Option("--limits", help="All of X's limits, not the tightest one only.")] = False,
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
    if not watch:
        found, x = _once(target, bot)
        as_json(document(found, x)) if json else facts(screen(found, x, utc, target.option, limits=limits))
        return
    seen = Refreshed(bot.read, bot.poll_interval)
    of_x = Refreshed(lambda: _ask_x(target, not target.is_local or bot.read().running), X_POLL_INTERVAL)

    def show() -> None:
        if seen.value is not None:
            facts(screen(seen.value, of_x.value, utc, target.option, limits=limits))

    def line() -> object:
        return seen.value and document(seen.value, of_x.value)

    go_on_with((seen, of_x), show, line, json=json)


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
