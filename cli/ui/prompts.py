"""Prompts: confirmations of what cannot be undone, and secrets."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.streams import is_terminal
from twbot.lambdas.plain_text import one_line

# In bytes. Keys and addresses are far shorter, and a wrong path may lead to a file of any size.
MAX_FILE = 65_536


def is_interactive() -> bool:
    """Return whether a person types here and reads what is printed: neither stdin nor stdout is a pipe or a file."""
    return sys.stdin.isatty() and is_terminal()


def confirm(what: str, *, yes: bool) -> None:
    """Ask before going on, unless `yes`. Raises CliError if the person declines, or if there is no terminal."""
    import typer

    if yes:
        return
    if not sys.stdin.isatty():
        raise CliError(
            f"{what} Nobody is there to ask.", hint="Type it again with --yes, or --dry-run", code=Exit.USAGE
        )
    with no_terminal():
        # err: by default Typer writes prompts to stdout, which is for results.
        agreed = typer.confirm(one_line(f"{what} Go on?"), err=True)
    if not agreed:
        raise CliError("Nothing was changed.")


def ask_secret(what: str, *, instead: str, optional: bool = False) -> str:
    """Ask for a secret without echo. `instead`: the option that reads it from a file.

    Raises CliError if there is no terminal.
    """
    import typer

    if not sys.stdin.isatty():
        hint = f"Hand it over: {instead} FILE, or {instead} - for stdin"
        raise CliError(f"{what} is needed, and nobody is there to type it.", hint=hint, code=Exit.USAGE)
    with no_terminal():
        return str(typer.prompt(what, default="" if optional else None, hide_input=True, err=True, show_default=False))


def read_file(source: str) -> bytes:
    """Return the first 64 KiB of a file, or of stdin for `-`. Raises CliError."""
    try:
        return sys.stdin.buffer.read(MAX_FILE) if source == "-" else Path(source).read_bytes()[:MAX_FILE]
    except OSError as error:
        raise CliError(f"Cannot read {source}: {error.strerror}.", code=Exit.USAGE) from None


def whole_file(source: str) -> bytes:
    """Return a file of less than 64 KiB, or stdin for `-`. Raises CliError."""
    if len(content := read_file(source)) == MAX_FILE:
        raise CliError(f"{source} has 64 KiB or more: that is no secret.", code=Exit.USAGE)
    return content


@contextlib.contextmanager
def no_terminal() -> Iterator[None]:
    """Turn Ctrl-C or Ctrl-D at a prompt inside into a CliError with the exit code of an interrupt."""
    import typer

    try:
        yield
    except typer.Abort:
        raise CliError("Nothing was changed.", code=Exit.INTERRUPTED) from None
