"""`twbot new`: writes the folder of a bot that runs at once."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.scaffold.templates import LANGUAGES, TEMPLATES, NewBot, checked, write_bot
from twbot.cli.spelling import pasteable
from twbot.cli.ui.console import as_json, print_line, say
from twbot.cli.ui.options import AsJson, Yes
from twbot.cli.ui.prompts import no_terminal


def _templates() -> list[tuple[str, str]]:
    return list(TEMPLATES.items())


def new(
    folder: Annotated[Path, typer.Argument(help="Where to write it: a new folder, or an empty one.")],
    template: Annotated[
        str | None,
        typer.Option(
            "--template", help=f"What to begin with: {', '.join(TEMPLATES)}.", autocompletion=_templates, metavar="NAME"
        ),
    ] = None,
    languages: Annotated[
        str | None, typer.Option("--languages", help="What it speaks, the first by default: de,en.", metavar="CODES")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What it is called.", show_default="the folder's name")
    ] = None,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Write a bot of your own: its words, a function, tests, and a workflow for GitHub. It runs at once.

    What is not given as an option is asked for; with --yes, or without a terminal, it is minimal, in English and called
    as its folder.

    Example: twbot new coffee-bot

    Example: twbot new coffee-bot --template support --languages de,en --name "Coffee Bot" --yes
    """
    asks = not (yes or json) and sys.stdin.isatty()
    default = " ".join(folder.absolute().name.replace("-", " ").replace("_", " ").split()).title()
    if asks:
        for each, says in TEMPLATES.items():
            say(f"  {each}: {says}")
    bot = checked(
        NewBot(
            template=template or _answer("Which template", "minimal", asks),
            languages=_codes(languages or _answer(f"Languages, of {', '.join(LANGUAGES)}", "en", asks)),
            name=name or _answer("What is it called", default, asks),
        )
    )
    written = write_bot(folder, bot)
    if json:
        as_json({"folder": str(folder), "files": sorted(map(str, written)), **_choice(bot)})
        return
    print_line(f"Wrote {len(written)} files to {folder}: a {bot.template} bot that speaks {', '.join(bot.languages)}.")
    say("Next:")
    for command in (f"cd {shlex.quote(str(folder))}", "twbot check", "twbot test", "twbot up"):
        say(f"  {pasteable(command, anywhere=True)}")
    say(pasteable(f'  twbot send "{bot.say}" --as alice    (in another terminal)', anywhere=True))


def _answer(question: str, default: str, asks: bool) -> str:
    if not asks:
        return default
    with no_terminal():
        return str(typer.prompt(question, default=default, err=True)).strip()


def _codes(given: str) -> tuple[str, ...]:
    codes = tuple(each.strip().lower() for each in given.split(",") if each.strip())
    if not codes:
        raise CliError("Name a language: --languages en", code=Exit.USAGE)
    return codes


def _choice(bot: NewBot) -> dict[str, object]:
    return {"name": bot.name, "template": bot.template, "languages": bot.languages}
