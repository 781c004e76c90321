"""`twbot wording`: the sentences of the bot, by their names."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from twbot.cli.ui.console import as_json, out, print_line, say, table
from twbot.cli.ui.options import AsJson
from twbot.cli.ui.pager import paged
from twbot.lambdas.folder.folder import BotFolder, bot_folder
from twbot.lambdas.wording import sentences


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence of the bot in a language."""

    name: str
    language: str
    """ISO 639-1."""
    text: str
    own: bool
    """Whether the bot's folder gives it; else it is the one that twbot ships."""


def wording(
    language: Annotated[
        str | None, typer.Option("--language", help="In this language, as in de.", show_default="all of the bot's")
    ] = None,
    json: AsJson = False,
) -> None:
    """Every sentence that the bot says, by its name; those that are the folder's own are marked.

    A sentence of bot/wording.<language>.toml replaces the one of the same name.

    Example: twbot wording --language de
    """
    folder = bot_folder()
    found = _found(folder, language)
    if language is not None and folder.language_of(language) != language:
        say(f"The bot does not speak {language} yet: add it to bot.languages in twbot.toml.")
    if json:
        as_json(found)
        return
    if not out.is_screen:
        rows = [(each.language, each.name, "yes" if each.own else "", each.text) for each in found]
        table(["language", "name", "own", "text"], rows)
        return
    with paged():
        _show(found)


def _show(found: list[Sentence]) -> None:
    for each in found:
        mark = "*" if each.own else " "
        print_line(f"{mark} {each.language}  {each.name}: {each.text}")
    out.print("* from the bot's folder", style="dim")


def _found(folder: BotFolder, language: str | None) -> list[Sentence]:
    return [
        Sentence(name=name, language=each, text=text, own=name in _own(folder, each))
        for each in ([language] if language else folder.languages)
        for name, text in sentences(each).items()
    ]


def _own(folder: BotFolder, language: str) -> set[str]:
    base = language.partition("-")[0]
    return {*folder.wordings.get(base, {}), *folder.wordings.get(language, {})}
