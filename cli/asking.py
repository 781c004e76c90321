"""Asking before what can't be undone."""

from __future__ import annotations

import sys

from cli.errors import CliError, Exit


def confirm(what: str, *, yes: bool) -> None:
    """Go on only when the person says so; without a terminal, only with --yes."""
    import typer

    if yes:
        return
    if not sys.stdin.isatty():
        raise CliError(
            f"{what} Nobody is there to ask.", hint="Type it again with --yes, or --dry-run", code=Exit.USAGE
        )
    if not typer.confirm(f"{what} Go on?", err=True):
        raise CliError("Nothing was changed.")
