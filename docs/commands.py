"""Writes the command reference from the commands' own help."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer

from docs.outputs import OUTPUTS
from twbot.cli.errors import Exit
from twbot.cli.main import Contents, app

HEADER = """# The commands

Generated from the commands themselves by `make docs`. What they print in these pages was recorded by `make recording`.

Answers go to stdout; progress, prompts and errors go to stderr. `--json` answers with one JSON document, or with JSON
lines where the answer is a stream; errors are JSON then, too: `error`, `hint`, `code`, and as `kind` the name below, or
`internal` for what should not happen.

| exit code | kind |
|---|---|
"""


def commands(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the paths and texts of the reference: the list of commands, and a page for each in the folder commands/."""
    group: Any = typer.main.get_command(app)
    yield (
        folder / "commands.md",
        HEADER + _exit_codes() + "".join(_panel(group, *panel) for panel in Contents.panels.items()),
    )
    for name, each in group.commands.items():
        yield folder / "commands" / f"{name}.md", _page(each, f"twbot {name}")


def _exit_codes() -> str:
    return "".join(f"| {code.value} | `{code.label}` |\n" for code in Exit)


def _panel(group: Any, title: str, names: tuple[str, ...]) -> str:
    rows = (f"| [`twbot {name}`](commands/{name}.md) | {_summary(group.commands[name])} |\n" for name in names)
    return f"\n## {title}\n\n| | |\n|---|---|\n" + "".join(rows)


def summaries(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path and text of what `twbot --help` says of each command without loading it."""
    group: Any = typer.main.get_command(app)
    found = {name: _summary(each) for name, each in group.commands.items()}
    yield path, msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"


def _page(command: Any, name: str) -> str:
    """Return the page of a command; of a noun, with all its verbs."""
    children: dict[str, Any] = getattr(command, "commands", {})
    if not children:
        return f"# {name}\n\n{_described(command, name)}"
    about = _described(command, name) if command.invoke_without_command else f"{_help_of(command)}\n"
    verbs = (each for each in sorted(children.items()) if not each[1].hidden)
    return f"# {name}\n\n{about}" + "".join(
        f"\n## {name} {verb}\n\n{_described(each, f'{name} {verb}')}" for verb, each in verbs
    )


def _described(command: Any, name: str) -> str:
    """Return the help, its examples, what one of them printed, and the options."""
    paragraphs = _help_of(command).split("\n\n")
    examples = [" ".join(each.split()).removeprefix("Example: ") for each in paragraphs if each.startswith("Example: ")]
    text = "\n\n".join(each for each in paragraphs if not each.startswith("Example: ")) + "\n"
    text += "".join(["\n```sh\n", *(f"{example}\n" for example in examples), "```\n"] if examples else [])
    if shown := OUTPUTS.get(name):
        text += f"\n```text\n$ {shown.typed}\n{shown.printed}\n```\n"
    return text + "".join(_parameters(command))


def _summary(command: Any) -> str:
    return _help_of(command).partition("\n\n")[0].replace("\n", " ")


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
