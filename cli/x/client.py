"""X as a stage reaches it: the clients of its APIs, and the stage's own webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from twbot.cli.errors import CliError, Exit
from twbot.lambdas.settings import LOCAL

if TYPE_CHECKING:
    from twbot.cli.operations.target import Bot
    from twbot.lambdas.x.webhooks_and_subscriptions import AccountActivity, Webhook, XManagement

Environment = Annotated[
    str | None, typer.Option("--environment", help="v1.1 premium's environment; without it the enterprise form.")
]
Version = Annotated[Literal["v2", "v1.1"], typer.Option("--api", help="Which API of X registers it.")]
Url = Annotated[str | None, typer.Option("--url", help="The webhook's address.", show_default="the stage's")]
WebhookId = Annotated[str | None, typer.Option("--webhook", help="The webhook's id.", show_default="the stage's")]


def activity_api(bot: Bot) -> XManagement:
    """Return the client of webhooks and X Activity (v2)."""
    from twbot.lambdas.x.webhooks_and_subscriptions import XManagement

    return XManagement(bot.secrets(), base_url=bot.x_url)


def account_api(bot: Bot, api: str, environment: str | None) -> AccountActivity:
    """Return the client of Account Activity at an API, v2 or v1.1. Raises CliError."""
    if api == "v1.1":
        from twbot.lambdas.x.account_activity_v1 import XLegacy

        return XLegacy(bot.secrets(), environment=environment, base_url=bot.x_url)
    if environment is not None:
        raise CliError("Only v1.1 has environments.", hint="Add: --api v1.1", code=Exit.USAGE)
    return activity_api(bot)


def own_webhook(bot: Bot, x: AccountActivity, webhook_id: str | None = None) -> Webhook:
    """Return the webhook with that id, else the one at the stage's address. Raises CliError where there is none."""
    found = x.webhooks()
    if webhook_id is not None:
        return _named(found, webhook_id, bot)
    url = _address(bot)
    # The address at which X reaches a bot of this machine is not known here: it may be that of a proxy or a tunnel.
    # If the app has only one webhook, it is the bot's.
    alone = found[0] if len(found) == 1 and bot.name == LOCAL and not bot.simulated else None
    ours = next((each for each in found if each.url == url), alone)
    if ours is None and not found:
        raise CliError(
            "No webhook is registered.", hint=f"Register it: twbot webhook register{bot.option}", code=Exit.NOT_FOUND
        )
    if ours is None:
        message = f"X has {len(found)} of this app's webhooks, none at the address of the stage {bot.name}."
        raise CliError(message, hint=f"Name one by its id: twbot webhook list{bot.option}", code=Exit.NOT_FOUND)
    return ours


def _named(found: list[Webhook], webhook_id: str, bot: Bot) -> Webhook:
    for each in found:
        if each.id == webhook_id:
            return each
    message = f"There is no webhook {webhook_id}."
    raise CliError(message, hint=f"See which there are: twbot webhook list{bot.option}", code=Exit.NOT_FOUND)


def _address(bot: Bot) -> str | None:
    from twbot.lambdas.errors import TwbotError

    try:
        return bot.webhook_url()
    except TwbotError:
        return None
