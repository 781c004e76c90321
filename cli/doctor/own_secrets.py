"""Whether the secrets that the bot's own functions need are stored."""

from __future__ import annotations

from collections.abc import Iterator

from twbot.cli.operations.own_secrets import missing_secrets
from twbot.cli.operations.target import Bot
from twbot.cli.ui.check import Check
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.own.calls import named_secrets

NAME = "own secrets"


def check_own_secrets(bot: Bot) -> Iterator[Check]:
    """Yield a check for each secret that is missing, one where all are there, none where the folder names none."""
    missing = missing_secrets(bot)
    for each in missing:
        yield Check(NAME, "wrong", f"{each.name} is not stored; for {', '.join(each.used_by)}", each.fix)
    if not missing and (named := named_secrets(bot_folder())):
        yield Check(NAME, "ok", f"{', '.join(named)}: all there")
