"""X's side of a bot: its webhook, its subscriptions of either generation and until when they hold, X's limits."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import msgspec

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.settings import LOCAL
from twbot.lambdas.x.rate_limits import XLimit

if TYPE_CHECKING:
    from twbot.cli.operations.target import Bot
    from twbot.lambdas.x.webhooks_and_subscriptions import Webhook, XManagement

# https://docs.x.com/x-api/account-activity: replaced by the X Activity API on this day.
ACCOUNT_ACTIVITY_ENDS = datetime.date(2027, 1, 1)


class PostsRead(msgspec.Struct, frozen=True, kw_only=True):
    """How many posts the app's project read this month, of how many; `anew`: the day of the month it begins again."""

    used: int
    of: int
    anew: int | None = None


class XStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What X says. `valid`: whether X takes the webhook for valid, None where none is registered; `others`: how many
    webhooks the app has that are not the stage's; `problem`, `fix`: why X could not be asked.
    `account_activity` and `x_activity`: how many subscriptions of each generation the webhook has; `subscribed`:
    whether one is for the bot's own account. `limits`: of the calls that asked this. `usage`: None where X keeps still.
    """

    webhook: str | None = None
    valid: bool | None = None
    others: int = 0
    account: str | None = None
    account_activity: int = 0
    x_activity: int = 0
    subscribed: bool = False
    usage: PostsRead | None = None
    limits: list[XLimit] = []
    problem: str | None = None
    fix: str | None = None

    @property
    def generation(self) -> str | None:
        names = ["Account Activity"] * bool(self.account_activity) + ["X Activity"] * bool(self.x_activity)
        return " and ".join(names) or None

    @property
    def ends(self) -> datetime.date | None:
        """When nothing comes any more, unless the bot subscribes to X Activity."""
        return ACCOUNT_ACTIVITY_ENDS if self.account_activity and not self.x_activity else None


def read_x_status(stage: Bot) -> XStatus:
    """Ask X. Never raises for what AWS or X refuse, or where they cannot be reached."""
    from twbot.cli.errors import CliError
    from twbot.cli.operations.errors import translate_errors

    try:
        with translate_errors(stage.option):
            return _asked(stage)
    except CliError as error:
        return XStatus(problem=str(error), fix=error.hint)


def _asked(stage: Bot) -> XStatus:
    from twbot.lambdas.x.webhooks_and_subscriptions import XManagement

    secrets = stage.secrets()
    account = secrets.keys().user_id
    x = XManagement(secrets, base_url=stage.x_url)
    found = x.webhooks()
    ours = _ours(stage, found)
    if ours is None:
        return XStatus(others=len(found), account=account, usage=_usage(x), limits=x.limits())
    reported = x.account_subscriptions(ours.id)
    activities = [each for each in x.activity_subscriptions() if each.webhook_id in {ours.id, None}]
    return XStatus(
        webhook=ours.url,
        valid=ours.valid,
        others=len(found) - 1,
        account=account,
        account_activity=len(reported),
        x_activity=len(activities),
        subscribed=account in {*reported, *(each.filter.get("user_id") for each in activities)},
        usage=_usage(x),
        limits=x.limits(),
    )


def _ours(stage: Bot, found: list[Webhook]) -> Webhook | None:
    """By its address. A bot of this machine that talks to X itself is behind an address that only its owner knows."""
    if stage.name == LOCAL and not stage.simulated:
        return found[0] if found else None
    url = stage.webhook_url()
    return next((each for each in found if each.url == url), None)


def _usage(x: XManagement) -> PostsRead | None:
    """Not every plan has it."""
    try:
        said = x.usage()
        if said.project_cap is None:
            return None
        return PostsRead(used=int(said.project_usage or 0), of=int(said.project_cap), anew=said.cap_reset_day)
    except (TwbotError, ValueError):
        return None
