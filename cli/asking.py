"""Asking before what can't be undone."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

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
    with unanswered():
        agreed = typer.confirm(f"{what} Go on?", err=True)
    if not agreed:
        raise CliError("Nothing was changed.")


@contextlib.contextmanager
def unanswered() -> Iterator[None]:
    """Ctrl-C or Ctrl-D at a question inside ends the command as elsewhere."""
    import typer

    try:
        yield
    except typer.Abort:
        raise CliError("Nothing was changed.", code=Exit.INTERRUPTED) from None
