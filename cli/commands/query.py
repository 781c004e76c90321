"""`twbot query`: runs SQL on the data lake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.lake.port import lake_of, translate_lake_errors
from twbot.cli.operations.lake.replayed import LEAVE_OUT, query_and_count
from twbot.cli.operations.lake.saved import bound, saved_query
from twbot.cli.operations.target import Target
from twbot.cli.screens.result import plain_value, result_table
from twbot.cli.ui.console import as_json, err, note, print_line, say, table
from twbot.cli.ui.csv import print_csv
from twbot.cli.ui.fields import chosen
from twbot.cli.ui.figures import count_text, size_text
from twbot.cli.ui.layout import Column
from twbot.cli.ui.markdown import print_markdown
from twbot.cli.ui.options import AsJson, Limit, targeted
from twbot.cli.ui.pager import paged
from twbot.cli.ui.prompts import MAX_FILE, read_file
from twbot.cli.ui.times import Utc
from twbot.lambdas.analytics.saved_queries import SavedQuery, parse_query, saved_queries

if TYPE_CHECKING:
    from twbot.lambdas.analytics.results import Result

Format = Literal["table", "json", "csv", "md"]
NO_CHART = "No chart: it takes one label and a number, or a time (a day, an hour) and a number."


def _names(incomplete: str) -> list[tuple[str, str]]:
    return [(each.name, each.description) for each in saved_queries().values() if each.name.startswith(incomplete)]


def _parameters(incomplete: str) -> list[str]:
    """Complete the parameters of all queries, with their defaults."""
    # The completion does not know which query is on the command line.
    known = {f"{each.name}={each.default}" for query in saved_queries().values() for each in query.parameters}
    return sorted(each for each in known if each.startswith(incomplete))


@targeted
def query(
    target: Target,
    name: Annotated[str | None, typer.Argument(help="A saved query.", autocompletion=_names)] = None,
    sql: Annotated[str | None, typer.Option("--sql", help="Run this SELECT instead; - for stdin.")] = None,
    file: Annotated[
        str | None,
        typer.Option("--file", help="Run the query of a file instead, as one of bot/queries; - for stdin."),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            help="A parameter of the query, NAME=VALUE; may be repeated.",
            autocompletion=_parameters,
        ),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the saved queries, as without a name.")] = False,
    columns: Annotated[bool, typer.Option("--columns", help="List the table's columns instead.")] = False,
    limit: Limit = None,
    json: AsJson = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="Answer with CSV for spreadsheets: a text is one line, and no formula.")
    ] = False,
    format_: Annotated[
        Format | None, typer.Option("--format", help="Answer in this form.", show_default="table")
    ] = None,
    chart: Annotated[bool, typer.Option("--chart", help="Draw it, where it is a label's number or one over time.")] = (
        False
    ),
    utc: Utc = False,
) -> None:
    """Ask the data lake. Without a name: list the saved queries, twbot's and those of bot/queries.

    The table is "analysed-messages-table", the SQL Athena's, on this machine, too. On AWS each query costs what it
    reads, and stops at the stage's limit (query_limit_mb). Ctrl-C stops it. Whole lists and records come as JSON on
    this machine, and as Athena writes them on AWS: name their fields. What this machine can't answer as Athena does is
    refused. The saved queries count each post once, however often it was replayed or edited; celebrities, labels and
    positive show replays, too, and say how many.

    Example: twbot query celebrities

    Example: twbot query sentiment --param days=7 --chart

    Example: twbot query authors --param most=5 --json --stage prod

    Example: twbot query --file weekly.sql --param days=7 --format md

    Example: twbot query --columns

    Example: twbot query --sql 'SELECT count(*) FROM "analysed-messages-table" WHERE "replay-name" IS NULL'
    """
    if bool(name) + (sql is not None) + (file is not None) + columns + list_ > 1:
        raise CliError("Give one of a saved query's name, --sql, --file, --columns and --list.", code=Exit.USAGE)
    if json + csv + chart + (format_ is not None) > 1:
        raise CliError("Give one of --json, --csv, --format and --chart.", code=Exit.USAGE)
    form: Format = "json" if json else "csv" if csv else format_ or "table"
    if columns:
        _columns(form == "json")
        return
    if not name and sql is None and file is None:
        _list(form == "json")
        return
    saved = _asked(name, sql, file)
    values = bound(saved, _given(param or []))
    with translate_lake_errors(), err.status("asking the lake"):
        result = query_and_count(lake_of(target), saved.sql, values, limit=limit)
    _show(result, form, chart=chart, utc=utc)


def _list(json: bool) -> None:
    saved = list(saved_queries().values())
    if json:
        as_json([{"name": q.name, "description": q.description, "parameters": q.parameters} for q in saved])
        return
    rows = [(q.name, q.description, ", ".join(f"{p.name}={p.default}" for p in q.parameters)) for q in saved]
    table(["query", Column("answers", gives_way=True), "parameters"], rows)
    note("Run one: twbot query NAME")


def _columns(json: bool) -> None:
    from twbot.cli.ui.lake_columns import columns

    with translate_lake_errors():
        found = columns()
    if json:
        as_json(found)
        return
    with paged():
        table(["column", "type"], ((each.name, each.type) for each in found))
    note("[] is a list: open it with UNNEST, as the saved queries do.")
    note("What each event holds: twbot schema TYPE")


def _asked(name: str | None, sql: str | None, file: str | None) -> SavedQuery:
    """Return what is asked: a saved query, an SQL text, or the query of a file or of stdin. Raises TwbotError."""
    if name:
        return saved_query(name)
    if sql is not None and sql != "-":
        return SavedQuery("", "", [], sql)
    source = file or "-"
    content = read_file(source)
    if len(content) == MAX_FILE:
        raise CliError(f"{source} has 64 KiB or more: that is no query.", code=Exit.USAGE)
    return parse_query(content, "stdin" if source == "-" else source)


def _given(parameters: list[str]) -> dict[str, str]:
    """Return the values of --param by name. Raises CliError."""
    if bare := [each for each in parameters if "=" not in each]:
        raise CliError(f"{bare[0]!r} is no parameter: write it as NAME=VALUE.", code=Exit.USAGE)
    return {name: value for name, _, value in (each.partition("=") for each in parameters)}


def _show(result: Result, form: Format, *, chart: bool, utc: bool) -> None:
    if form == "json" and chosen.get() is not None:
        as_json([dict(zip(result.columns, row, strict=True)) for row in result.rows])
    elif form == "json":
        as_json(result)
    elif form == "csv":
        print_csv(result.columns, ([plain_value(value) for value in row] for row in result.rows))
    elif form == "md":
        print_markdown(result.columns, ([plain_value(value) for value in row] for row in result.rows))
    elif not (chart and result.rows and _draw(result)):
        with paged():
            result_table(result.columns, result.rows, utc=utc, none="Nothing yet: no event matches.")
    if form == "table":
        rows = len(result.rows)
        note(f"{count_text(rows)} {'row' if rows == 1 else 'rows'}, {size_text(result.bytes_scanned)} scanned")
    if result.replayed:
        say(f"Replayed events among them: {result.replayed:,}. To leave those out: WHERE {LEAVE_OUT}")
    for path in result.damaged:
        say(f"Left out, as it is damaged: {path}")


def _draw(result: Result) -> bool:
    """Print a chart of the result. If its columns suit no chart, say so and return False."""
    from twbot.cli.ui.charts import chart as chart_of

    lines = chart_of(result.columns, result.rows)
    if lines is None:
        say(NO_CHART)
        return False
    for line in lines:
        print_line(line)
    return True
