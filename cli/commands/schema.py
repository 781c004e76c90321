"""`twbot schema`: what the detail of an event holds."""

from __future__ import annotations

from typing import Annotated

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.completion import complete_types
from twbot.cli.ui.console import as_json, say, table
from twbot.cli.ui.layout import Column
from twbot.cli.ui.options import AsJson
from twbot.cli.ui.pager import paged


def schema(
    detail_type: Annotated[
        str | None,
        typer.Argument(metavar="TYPE", help="The event's type; none: all types.", autocompletion=complete_types),
    ] = None,
    json: AsJson = False,
) -> None:
    """What an event of a type holds, as JSON Schema; without a type, which types there are.

    Those of the bot's own events come from bot/events.toml. What X sent (TWITTER_…) is as X documents it.

    Example: twbot schema MESSAGE_ANALYSED
    """
    from twbot.lambdas.schemas import schema_of

    if detail_type is None:
        _list(json)
        return
    found = schema_of(detail_type.upper())
    if found is None:
        raise CliError(
            f"There is no schema of {detail_type}.",
            hint="See which there are: twbot schema; own fields are declared in bot/events.toml",
            code=Exit.NOT_FOUND,
        )
    with paged():
        as_json(found)


def _list(json: bool) -> None:
    from twbot.lambdas.folder.event_types import event_types
    from twbot.lambdas.schemas import schema_of

    rows = [{"type": name, "of": _of(name), "says": _says(schema_of(name))} for name in event_types()]
    if json:
        as_json(rows)
        return
    with paged():
        table(["type", "of", Column("what it is", gives_way=True)], [tuple(row.values()) for row in rows])
    say("What one holds: twbot schema TYPE")


def _of(name: str) -> str:
    from twbot.lambdas.contracts import DETAILS, RAW_TYPES

    return "twbot" if name in DETAILS else "X" if name in RAW_TYPES else "own"


def _says(schema: dict[str, object] | None) -> str:
    definitions = (schema or {}).get("$defs")
    if not isinstance(definitions, dict):
        return ""
    reference = str((schema or {}).get("$ref", "")).rpartition("/")[2]
    return str(definitions[reference]["description"]).partition("\n")[0].partition(": ")[2]
