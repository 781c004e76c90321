"""Shell completion of rules and event types, and the option --type."""

from __future__ import annotations

from typing import Annotated

import typer

from twbot.cli.errors import CliError, Exit


def complete_rules(incomplete: str) -> list[str]:
    """Return the names of the rules that begin like this."""
    from twbot.lambdas.wiring import rules

    return [rule.name for rule in rules() if rule.name.startswith(incomplete)]


def complete_types(incomplete: str) -> list[str]:
    """Return the event types that begin like this, in upper or lower case."""
    from twbot.lambdas.folder.event_types import event_types

    return [name for name in event_types() if name.startswith(incomplete.upper())]


def known_types(given: list[str] | None) -> list[str]:
    """Return the event types in upper case. Raises CliError for an unknown one.

    Where the bot's folder has functions, they may publish any type, declared or not.
    """
    from twbot.lambdas.folder.event_types import is_own_type, publishes_others

    types = complete_types("")
    names = [name.upper() for name in given or []]
    if unknown := [name for name in names if name not in types and not (publishes_others() and is_own_type(name))]:
        hint = f"There are: {', '.join(types)}"
        raise CliError(f"There is no event type {unknown[0]}.", hint=hint, code=Exit.USAGE)
    return names


Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only events of this type; may be repeated.", autocompletion=complete_types),
]
