"""Has X deliver again what the bot missed, one window after the other."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import Target
from twbot.cli.ui.console import as_json, print_line, say, table
from twbot.cli.ui.prompts import confirm
from twbot.cli.ui.times import format_time, parse_window, time_cell
from twbot.cli.x.client import account_api, own_webhook

if TYPE_CHECKING:
    from twbot.cli.operations.target import Bot
    from twbot.cli.x.replay_windows import Terms, XWindow
    from twbot.lambdas.x.webhooks_and_subscriptions import AccountActivity, Webhook

BUSY, CONFLICT = 409, "ReplayConflictError"  # X works on one window of a webhook at a time
POLL_INTERVAL, TIMEOUT = 5.0, 1800.0  # seconds
WHO = {"v2": "API v2: Account Activity and X Activity", "v1.1": "API v1.1's enterprise form: Account Activity"}


class ReplayOptions(NamedTuple):
    """The options of the command."""

    since: str
    until: str | None
    api: str
    webhook: str | None
    dry_run: bool
    yes: bool
    utc: bool
    json: bool


def replay_from_x(target: Target, options: ReplayOptions) -> None:
    """Show the windows, ask for confirmation, and have X deliver each again. Raises CliError."""
    from twbot.cli.operations.errors import translate_errors
    from twbot.cli.x.replay_windows import TERMS

    now, terms = datetime.datetime.now().astimezone(), TERMS[options.api]
    since, until = parse_window(options.since, options.until or "now", now=now)
    assert since is not None
    chosen = _windows(since, until or now, now, terms)
    bot = target.open()
    with translate_errors(bot.option):
        x = account_api(bot, options.api, None)
        webhook = own_webhook(bot, x, options.webhook)
        if not options.json:
            _show(bot, webhook, chosen, since, options)
        if not options.dry_run:
            confirm(_question(bot, chosen), yes=options.yes)
            chosen = [_request(x, webhook, each) for each in chosen]
    if options.json:
        webhook_id = webhook.id
        as_json({"api": options.api, "webhook_id": webhook_id, "dry_run": options.dry_run, "windows": chosen})
    elif not options.dry_run:
        print_line(f"X sends {_many(chosen)} again.")
        say(f"It says when it is done: twbot tail --type TWITTER_REPLAY_COMPLETED{bot.option}")


def _windows(since: datetime.datetime, until: datetime.datetime, now: datetime.datetime, terms: Terms) -> list[XWindow]:
    from twbot.cli.x.replay_windows import windows
    from twbot.lambdas.errors import TwbotError

    try:
        return windows(since, until, now=now, terms=terms)
    except TwbotError as error:
        hint = "What the bot has had is in its archive: twbot replay --since …"
        raise CliError(str(error), hint=hint, code=Exit.USAGE) from None


def _show(bot: Bot, webhook: Webhook, chosen: list[XWindow], since: datetime.datetime, options: ReplayOptions) -> None:
    say(f"X ({WHO[options.api]}) would send again to {webhook.url}, the webhook {webhook.id} of the stage {bot.name}:")
    rows = [
        (number, *(time_cell(at, utc=options.utc) for at in (each.since, each.until)))
        for number, each in enumerate(chosen, start=1)
    ]
    table(["window", "from", "to (with its minute)"], rows)
    if chosen[0].since > since:
        say(f"X keeps no more: what is older than {format_time(chosen[0].since, utc=options.utc)} can't be had again.")


def _question(bot: Bot, chosen: list[XWindow]) -> str:
    return (
        f"X sends {_many(chosen)} again to the stage {bot.name}; what the bot has missed it answers, "
        "what it has answered it does not."
    )


def _request(
    x: AccountActivity, webhook: Webhook, each: XWindow, wait: Callable[[float], None] = time.sleep
) -> XWindow:
    """Request a window of X. While X works on the one before, request it again, for TIMEOUT at most."""
    from twbot.lambdas.errors import XRefused

    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            job_id = x.replay(webhook.id, each.since, each.until)
            say(f"X sends what it sent from {format_time(each.since)} to {format_time(each.until)}: job {job_id}")
            return msgspec.structs.replace(each, job_id=job_id)
        except XRefused as error:
            busy = error.status == BUSY or CONFLICT in str(error)
            if not busy or time.monotonic() > deadline:
                raise
            say("X is still at another replay to this webhook …")
            wait(POLL_INTERVAL)


def _many(chosen: list[XWindow]) -> str:
    return "1 window" if len(chosen) == 1 else f"{len(chosen)} windows"
