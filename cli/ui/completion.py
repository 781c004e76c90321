"""What the shell completes: the names of rules and of event types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twbot.cli.errors import CliError, Exit

if TYPE_CHECKING:
    pass
if TYPE_CHECKING:
    pass


def complete_rules(incomplete: str) -> list[str]:
    from twbot.lambdas.wiring import RULES

    return [rule.name for rule in RULES if rule.name.startswith(incomplete)]


def complete_types(incomplete: str) -> list[str]:
    from twbot.lambdas.contracts import DETAILS, RAW_TYPES

    return [name for name in (*DETAILS, *RAW_TYPES) if name.startswith(incomplete.upper())]


def known_types(given: list[str] | None) -> list[str]:
    """As they are spelled. Raises CliError for one that there is not."""
    there = complete_types("")
    names = [name.upper() for name in given or []]
    if unknown := [name for name in names if name not in there]:
        hint = f"There are: {', '.join(there)}"
        raise CliError(f"There is no event type {unknown[0]}.", hint=hint, code=Exit.USAGE)
    return names


Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only events of this type; may be repeated.", autocompletion=complete_types),
]
