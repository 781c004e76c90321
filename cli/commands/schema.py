"""`twbot schema`: what the detail of an event holds."""

from __future__ import annotations

from typing import Annotated

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.completion import complete_types
from twbot.cli.ui.console import as_json, note, table
from twbot.cli.ui.layout import Column
from twbot.cli.ui.options import AsJson
from twbot.cli.ui.pager import paged
from twbot.lambdas.nearest import did_you_mean


def schema(
    detail_type: Annotated[
        str | None,
        typer.Argument(metavar="TYPE", help="The event's type; none: all types.", autocompletion=complete_types),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the types, as without one.")] = False,
    json: AsJson = False,
) -> None:
    """What an event of a type holds, as JSON Schema; without a type, which types there are.

    Those of the bot's own events come from bot/events.toml. What X sent (TWITTER_…) is as X documents it.

    Example: twbot schema MESSAGE_ANALYSED
    """
    from twbot.lambdas.schemas import schema_of

    if detail_type is not None and list_:
        raise CliError("Give a type or --list.", code=Exit.USAGE)
    if detail_type is None:
        _list(json)
        return
    found = schema_of(detail_type.upper())
    if found is None:
        raise _without_schema(detail_type.upper())
    with paged():
        as_json(found)


def _without_schema(detail_type: str) -> CliError:
    """Return the error for a type without a schema: of X's own, of no declared fields, or of none at all."""
    from twbot.lambdas.folder.event_types import event_types

    if detail_type in event_types() and _of(detail_type) == "X":
        message = f"{detail_type} is what X sent, as X documents it: twbot has no schema of it."
        return CliError(message, hint="See one: twbot tail --json --limit 1", code=Exit.NOT_FOUND)
    hint = did_you_mean(detail_type, event_types(), "twbot schema {}")
    hint = hint or "See which there are: twbot schema; own fields are declared in bot/events.toml"
    return CliError(f"There is no schema of {detail_type}.", hint=hint, code=Exit.NOT_FOUND)


def _list(json: bool) -> None:
    from twbot.lambdas.folder.event_types import event_types
    from twbot.lambdas.schemas import schema_of

    rows = [{"type": name, "of": _of(name), "says": _says(schema_of(name))} for name in event_types()]
    if json:
        as_json(rows)
        return
    with paged():
        table(["type", "of", Column("what it is", gives_way=True)], [tuple(row.values()) for row in rows])
    note("What one holds: twbot schema TYPE")


def _of(name: str) -> str:
    from twbot.lambdas.contracts import DETAILS, RAW_TYPES

    return "twbot" if name in DETAILS else "X" if name in RAW_TYPES else "own"


def _says(schema: dict[str, object] | None) -> str:
    definitions = (schema or {}).get("$defs")
    if not isinstance(definitions, dict):
        return ""
    reference = str((schema or {}).get("$ref", "")).rpartition("/")[2]
    return str(definitions[reference]["description"]).partition("\n")[0].partition(": ")[2]
