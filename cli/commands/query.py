"""`twbot query`: SQL over everything that happened."""

from __future__ import annotations

import csv as csv_format
import difflib
import sys
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from cli.errors import CliError, Exit
from cli.options import AsJson, Data, Limit
from cli.render import as_json, say, table
from lambdas.analytics.saved import SavedQuery, saved_queries

if TYPE_CHECKING:
    from local.lake import Result


def _names(incomplete: str) -> list[tuple[str, str]]:
    return [(each.name, each.description) for each in saved_queries().values() if each.name.startswith(incomplete)]


def query(
    name: Annotated[str | None, typer.Argument(help="A saved query.", autocompletion=_names)] = None,
    sql: Annotated[str | None, typer.Option("--sql", help="Run this SELECT instead.")] = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", help="A parameter of the query, NAME=VALUE; may be repeated.")
    ] = None,
    limit: Limit = None,
    json: AsJson = False,
    csv: Annotated[bool, typer.Option("--csv", help="Answer with CSV.")] = False,
    data: Data = None,
) -> None:
    """Ask the data lake. Without a name: list the saved queries.

    The table is "analysed-messages-table", the SQL Athena's.

    Example: twbot query celebrities

    Example: twbot query authors --param most=5 --json

    Example: twbot query --sql 'SELECT "detail-type", count(*) FROM "analysed-messages-table" GROUP BY 1'
    """
    if name and sql:
        raise CliError("Give a saved query's name or --sql, not both.", code=Exit.USAGE)
    if not name and not sql:
        _list(json)
        return
    from local.home import Home, data_folder
    from local.lake import Lake

    saved = _named(name) if name else SavedQuery("", "", [], sql or "")
    result = Lake(Home(data_folder(data)).lake).query(saved.sql, _bound(saved, param or []))
    if limit is not None:
        result = msgspec.structs.replace(result, rows=result.rows[:limit])
    _show(result, json=json, csv=csv)


def _list(json: bool) -> None:
    saved = list(saved_queries().values())
    if json:
        as_json([{"name": q.name, "description": q.description, "parameters": q.parameters} for q in saved])
        return
    rows = [(q.name, q.description, ", ".join(f"{p.name}={p.default}" for p in q.parameters)) for q in saved]
    table(["query", "answers", "parameters"], rows)
    say("Run one with: twbot query NAME")


def _named(name: str) -> SavedQuery:
    saved = saved_queries()
    if name not in saved:
        near = difflib.get_close_matches(name, saved, n=1)
        hint = f"Did you mean: twbot query {near[0]}" if near else "List them with: twbot query"
        raise CliError(f"There is no saved query {name!r}.", hint=hint, code=Exit.NOT_FOUND)
    return saved[name]


def _bound(saved: SavedQuery, given: list[str]) -> list[str]:
    """The parameters' values in the order of the SQL's question marks."""
    pairs = {name: value for name, _, value in (each.partition("=") for each in given)}
    known = {parameter.name: parameter for parameter in saved.parameters}
    if unknown := pairs.keys() - known:
        takes = ", ".join(known) or "none"
        raise CliError(f"No parameter {', '.join(sorted(unknown))}; it takes {takes}.", code=Exit.USAGE)
    for name, value in pairs.items():
        if known[name].type == "integer" and not value.lstrip("-").isdecimal():
            raise CliError(f"The parameter {name} is a number, not {value!r}.", code=Exit.USAGE)
    return [pairs.get(name, parameter.default) for name, parameter in known.items()]


def _show(result: Result, *, json: bool, csv: bool) -> None:
    if json:
        as_json(result)
    elif csv:
        writer = csv_format.writer(sys.stdout, lineterminator="\n")
        writer.writerows([result.columns, *(map(_cell, row) for row in result.rows)])
    elif result.rows:
        table(result.columns, (list(map(_cell, row)) for row in result.rows))
        say(f"{len(result.rows)} rows, {result.bytes_scanned:,} bytes scanned")
    else:
        say("Nothing yet: no event matches.")
    for path in result.damaged:
        say(f"Left out, as it is damaged: {path}")


def _cell(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value
