"""The status of a bot at X: its webhook, its subscriptions of either generation, and X's limits."""

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

# On this day the X Activity API replaces Account Activity. https://docs.x.com/x-api/account-activity
ACCOUNT_ACTIVITY_ENDS = datetime.date(2027, 1, 1)


class PostsRead(msgspec.Struct, frozen=True, kw_only=True):
    """How many posts the app's project has read this month."""

    used: int
    of: int
    """The monthly cap."""
    anew: int | None = None
    """The day of the month on which the count begins anew."""


class XStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The status of a bot at X."""

    webhook: str | None = None
    """The address of the stage's webhook; None where it is not registered."""
    valid: bool | None = None
    """Whether X considers the webhook valid."""
    others: int = 0
    """How many other webhooks the app has."""
    account: str | None = None
    """The id of the bot's account."""
    account_activity: int = 0
    """How many Account Activity subscriptions the webhook has."""
    x_activity: int = 0
    """How many X Activity subscriptions the webhook has."""
    subscribed: bool = False
    """Whether one of them is for the bot's own account."""
    usage: PostsRead | None = None
    """None where X does not say it."""
    limits: list[XLimit] = []
    """X's rate limits of the calls that read this status."""
    problem: str | None = None
    """Why the status could not be read."""
    fix: str | None = None
    """What to do about the problem."""

    @property
    def generation(self) -> str | None:
        """The generations of the subscriptions, in words."""
        names = ["Account Activity"] * bool(self.account_activity) + ["X Activity"] * bool(self.x_activity)
        return " and ".join(names) or None

    @property
    def ends(self) -> datetime.date | None:
        """When deliveries end, unless the bot subscribes to X Activity; None where it has."""
        return ACCOUNT_ACTIVITY_ENDS if self.account_activity and not self.x_activity else None


def read_x_status(stage: Bot) -> XStatus:
    """Read the status at X. Raises nothing: where AWS or X refuse or are not reached, `problem` says so."""
    from twbot.cli.errors import CliError
    from twbot.cli.operations.errors import translate_errors

    try:
        with translate_errors(stage.option):
            return _read(stage)
    except CliError as error:
        return XStatus(problem=str(error), fix=error.hint)


def _read(stage: Bot) -> XStatus:
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
    """Return the stage's webhook, by its address."""
    # The address at which X reaches a bot of this machine is not known here: any webhook may be its.
    if stage.name == LOCAL and not stage.simulated:
        return found[0] if found else None
    url = stage.webhook_url()
    return next((each for each in found if each.url == url), None)


def _usage(x: XManagement) -> PostsRead | None:
    try:
        usage = x.usage()
        if usage.project_cap is None:
            return None
        return PostsRead(used=int(usage.project_usage or 0), of=int(usage.project_cap), anew=usage.cap_reset_day)
    except (TwbotError, ValueError):  # not every plan has this call
        return None
