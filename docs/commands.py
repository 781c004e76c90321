"""Writes the command reference from the commands' own help."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer

from twbot.cli.errors import Exit
from twbot.cli.main import app

HEADER = """# The commands

Generated from the commands themselves by `make docs`.

Answers go to stdout; progress, prompts and errors go to stderr. `--json` answers with one JSON document, or with JSON
lines where the answer is a stream; errors are JSON then, too: `error`, `hint`, `code`, and as `kind` the name below, or
`internal` for what should not happen.

| exit code | kind |
|---|---|
"""


def commands(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path and text of the reference, one Markdown document."""
    codes = "".join(f"| {code.value} | `{code.label}` |\n" for code in Exit)
    group = typer.main.get_command(app)
    yield path, HEADER + codes + "".join(_describe(group, "twbot"))


def summaries(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path and text of what `twbot --help` says of each command without loading it."""
    group: Any = typer.main.get_command(app)
    found = {name: _help_of(each).partition("\n\n")[0].replace("\n", " ") for name, each in group.commands.items()}
    yield path, msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"


def _describe(command: Any, name: str) -> Iterator[str]:
    children: dict[str, Any] = getattr(command, "commands", {})
    if not children or command.invoke_without_command:
        yield f"\n## {name}\n\n{_help_of(command)}\n"
        yield from _parameters(command)
    for child, each in sorted(children.items()):
        if not each.hidden:
            yield from _describe(each, f"{name} {child}")


def _help_of(command: Any) -> str:
    # "\b" marks a paragraph that the terminal's help does not rewrap; in Markdown it would be a control character.
    return str(command.help or "").replace("\b\n", "").strip()


def _parameters(command: Any) -> Iterator[str]:
    rows = [row for each in command.params if (row := _row(each))]
    if rows:
        yield "\n| | |\n|---|---|\n" + "".join(rows)


def _row(parameter: Any) -> str:
    names = ", ".join(parameter.opts) if parameter.param_type_name == "option" else parameter.name.upper()
    return f"| `{names}` | {(getattr(parameter, 'help', None) or '').replace('|', '/')} |\n"
