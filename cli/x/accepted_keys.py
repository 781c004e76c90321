"""Asks X whether it accepts keys, and whose they are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.errors import CONSOLE
from twbot.cli.operations.target import Bot
from twbot.cli.ui.console import say
from twbot.cli.x.key_input import EnteredKeys
from twbot.lambdas.errors import XRefused
from twbot.lambdas.ports import Keys

if TYPE_CHECKING:
    from twbot.lambdas.ports import Secrets


def accepted_user(secrets: Secrets, x_url: str) -> dict[str, Any]:
    """Return the account of the keys, as X describes it. Raises CliError or XRefused where X does not accept them."""
    from twbot.lambdas.x.api import XApi
    from twbot.lambdas.x.webhooks_and_subscriptions import XManagement

    # Two calls: the account's keys sign the first, the app's the second.
    with _naming("the access token with the API key and their secrets"):
        user = XApi(secrets, base_url=x_url).me()
    with _naming("the bearer token" if secrets.keys().bearer_token else "the API key and secret"):
        XManagement(secrets, base_url=x_url).webhooks()
    return user


@contextlib.contextmanager
def _naming(keys: str) -> Iterator[None]:
    """Raise a CliError that names the keys where X does not accept them."""
    from twbot.lambdas.x.refusals import Refusal, refusal

    try:
        yield
    except XRefused as error:
        if refusal(error) is not Refusal.WRONG_KEYS:
            raise
        message = f"X does not accept {keys}: wrong, expired or revoked. {error}"
        hint = f"Copy them again from {CONSOLE}, or make new ones there"
        raise CliError(message, hint=hint, code=Exit.NOT_CONFIGURED) from None


def check_accepted(bot: Bot, keys: Keys) -> dict[str, Any]:
    """Ask X about keys before they are stored. Returns their account. Raises CliError, XRefused."""
    say(f"Asking X about the keys of the stage {bot.name} …")
    return accepted_user(EnteredKeys(keys), bot.x_url)


def check_same_account(old: Keys, new: Keys, option: str) -> None:
    """Raise CliError unless the new keys are others, for the same account."""
    if old == new:
        raise CliError("These are the keys that are stored already.", code=Exit.USAGE)
    if old.user_id != new.user_id:
        message = f"The new keys belong to the account {new.user_id}, the old ones to {old.user_id}."
        raise CliError(message, hint=f"For another account: twbot secrets set{option}", code=Exit.USAGE)
