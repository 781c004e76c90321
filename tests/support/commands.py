"""Every command that a person can type, and the examples in its help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from twbot.cli.main import app


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


COMMANDS = dict(commands(typer.main.get_command(app), "twbot"))
