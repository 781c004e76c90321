"""The secrets of the bot's own functions: which the folder names, and which are stored."""

from __future__ import annotations

from typing import NamedTuple

from twbot.cli.operations.target import Bot
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.own.calls import named_secrets


class Missing(NamedTuple):
    """A secret that the folder names and nobody stored."""

    name: str
    used_by: list[str]
    """The rules and steps that name it, `answers` and `llm`."""
    fix: str
    """The command that stores it."""


def missing_secrets(bot: Bot) -> list[Missing]:
    """Return the secrets that the bot's folder names and that are not stored. Raises TwbotError."""
    if not (named := named_secrets(bot_folder())):
        return []
    stored = bot.own_secrets().names()
    return [
        Missing(name, used_by, f"twbot secrets put {name}{bot.option}")
        for name, used_by in named.items()
        if name not in stored
    ]
