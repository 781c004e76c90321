"""Every command that a person can type, and the examples in its help."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import typer
from typer.exceptions import Exit as Ended

from twbot.cli.main import app

# A command keeps the option that it first made, and tests share commands.
HELP = ["--help", "-h"]


def commands(group: Any, name: str) -> Iterator[tuple[str, str]]:
    """Every command that a person can type, with its help."""
    children = getattr(group, "commands", {})
    if not children or group.invoke_without_command:
        yield name, group.help or ""
    for child, each in children.items():
        yield from commands(each, f"{name} {child}")


def examples_in(text: str) -> list[str]:
    found = (part.removeprefix("Example: ") for part in re.split(r"\n\s*\n", text) if part.startswith("Example: "))
    return [" ".join(each.split()) for each in found]


def parse(arguments: list[str]) -> None:
    """Parse a command line as the command would, without calling it. Raises what the command would say of it."""
    command, name = typer.main.get_command(app), "twbot"
    while arguments and (child := getattr(command, "commands", {}).get(arguments[0])):
        command, name, arguments = child, f"{name} {arguments[0]}", arguments[1:]
    # --help ends.
    with contextlib.suppress(Ended), command.make_context(name, [*arguments], help_option_names=HELP) as context:
        assert not (context.args and getattr(command, "commands", None)), f"{name} has no verb {context.args[0]}"


COMMANDS = dict(commands(typer.main.get_command(app), "twbot"))
