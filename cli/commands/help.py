"""`twbot help`: the help of a command, as its --help prints it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.console import print_line


def _names(context: typer.Context, incomplete: str) -> list[str]:
    """Complete the next name of a command, below those that were typed."""
    group: Any = context.find_root().command
    for name in context.params.get("names") or []:
        group = getattr(group, "commands", {}).get(name)
    return [name for name in getattr(group, "commands", {}) if name.startswith(incomplete)]


def help(  # noqa: A001 - the command's name
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND", help="The command, as it is typed.", autocompletion=_names),
    ] = None,
) -> None:
    """Show the help of a command, as its --help does; without a command, which there are.

    Example: twbot help query

    Example: twbot help dlq redrive
    """
    root = context.find_root()
    for number, name in enumerate(names or []):
        group: Any = root.command
        if not hasattr(group, "commands"):
            message = f"`{root.command_path}` has no commands of its own."
            raise CliError(message, hint=f"Type: twbot help {' '.join((names or [])[:number])}", code=Exit.USAGE)
        # Raises what a mistyped command does.
        _, found, _ = group.resolve_command(root, [name])
        root = type(root)(found, parent=root, info_name=name)
    print_line(root.get_help())
