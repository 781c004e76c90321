"""X's two generations of deliveries, as a bot is set up for them: its webhook, its subscriptions, and until when."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import msgspec

from lambdas.errors import TwbotError

if TYPE_CHECKING:
    from cli.stage import Stage

# https://docs.x.com/x-api/account-activity: replaced by the X Activity API on this day.
ACCOUNT_ACTIVITY_ENDS = datetime.date(2027, 1, 1)


class OnX(msgspec.Struct, frozen=True, kw_only=True):
    """What X says. `valid`: whether X takes the webhook for valid, None where none is registered; `problem`: why X
    could not be asked. `account_activity` and `x_activity`: how many subscriptions of each generation there are."""

    webhook: str | None = None
    valid: bool | None = None
    account_activity: int = 0
    x_activity: int = 0
    problem: str | None = None

    @property
    def generation(self) -> str | None:
        names = ["Account Activity"] * bool(self.account_activity) + ["X Activity"] * bool(self.x_activity)
        return " and ".join(names) or None

    @property
    def ends(self) -> datetime.date | None:
        """When nothing comes any more, unless the bot subscribes to X Activity."""
        return ACCOUNT_ACTIVITY_ENDS if self.account_activity and not self.x_activity else None


def on_x(stage: Stage) -> OnX:
    """Ask X."""
    from lambdas.x_management import XManagement

    try:
        x = XManagement(stage.secrets(), base_url=stage.x_url)
        ours = stage.webhook_url() if stage.simulated else None
        found = x.webhooks()
        webhook = next((each for each in found if each.url == ours), found[0] if found else None)
        if webhook is None:
            return OnX()
        return OnX(
            webhook=webhook.url,
            valid=webhook.valid,
            account_activity=len(x.account_subscriptions(webhook.id)),
            x_activity=sum(each.webhook_id in {webhook.id, None} for each in x.activity_subscriptions()),
        )
    except TwbotError as error:
        return OnX(problem=str(error))
