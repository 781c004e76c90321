"""Queries: the saved ones, ours and the folder's, and a box for SQL; answers as a table, a chart and CSV."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console import drawing
from twbot.cli.console.pages import Console
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.lake.port import lake_of, translate_lake_errors
from twbot.cli.operations.lake.replayed import LEAVE_OUT, query_and_count
from twbot.cli.operations.lake.saved import bound, saved_query
from twbot.cli.screens.result import MOMENT, plain_value
from twbot.cli.ui.chart_data import Bars, chart_data
from twbot.cli.ui.csv import write_csv
from twbot.cli.ui.figures import number_text
from twbot.cli.ui.lake_columns import Column, columns
from twbot.lambdas.analytics.results import Result
from twbot.lambdas.analytics.saved_queries import FOLDER, SavedQuery, own_folder, queries_in
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.plain_text import one_line
from twbot.lambdas.x.post_ids import is_id

# How many rows are shown, and how many more each time.
LIMITS = (100, 1_000, 10_000)
MAX_SQL = 20_000  # characters
MAX_BARS = 50
TIMEOUT = 60.0  # seconds: nobody can stop a query by a key here
PARAMETER = "p."  # what a parameter's field begins with
POST_COLUMN = re.compile(r"(tweet|post)_?(id)?", re.IGNORECASE)


class Asked(NamedTuple):
    """What was asked for."""

    saved: SavedQuery
    """Without a name: the SQL of the box."""
    given: dict[str, str]
    """The parameters' values by name."""
    limit: int

    def address(self, path: str, **more: object) -> str:
        """Return where the same is answered."""
        what = {"q": self.saved.name} if self.saved.name else {"sql": self.saved.sql}
        given = {PARAMETER + name: value for name, value in self.given.items()}
        return f"{path}?{urlencode({**what, **given, **more})}"


class Answer(NamedTuple):
    """The answer of the lake."""

    result: Result
    """With at most as many rows as are shown."""
    seconds: float
    more: str | None
    """Where more of the rows are shown; None where there are no more."""

    def cells(self) -> list[list[Cell]]:
        """Return the rows as people read them: each has a cell for each column."""
        names = self.result.columns
        return [[_cell(name, value) for name, value in zip(names, row, strict=True)] for row in self.result.rows]


def routes(console: Console) -> list[Route]:
    def queries(request: Request) -> Response:
        asked, answer, problem = None, None, None
        try:
            asked = asked_in(request.query_params)
            answer = answer_of(console, asked) if asked else None
        except TwbotError as error:
            problem = error
        cards, unreadable = cards_and_problem()
        return console.page(
            request,
            "queries.html",
            200 if problem is None else 400,
            title="Queries",
            cards=cards,
            unreadable=unreadable,
            chosen=request.query_params.get("q", ""),
            sql=request.query_params.get("sql", ""),
            typed=_given(request.query_params),
            asked=asked,
            answer=answer,
            drawn=drawn_of(answer.result) if answer else None,
            problem=problem,
            columns=_columns(),
            leave_out=LEAVE_OUT,
            same=_same(console, asked) if asked else "",
        )

    def as_csv(request: Request) -> Response:
        asked = asked_in(request.query_params)
        if asked is None:
            raise CliError("Name a query, or its SQL.", code=Exit.USAGE)
        result = _run(console, asked, None)
        text = io.StringIO()
        write_csv(text, result.columns, ([plain_value(value) for value in row] for row in result.rows))
        name = f"twbot-{asked.saved.name or 'query'}.csv"
        return Response(
            text.getvalue(), 200, {"Content-Disposition": f'attachment; filename="{name}"'}, "text/csv; charset=utf-8"
        )

    return [Route("/queries", queries), Route("/queries.csv", as_csv)]


def asked_in(fields: Mapping[str, str]) -> Asked | None:
    """Return what an address asks for; None for the page alone. Raises CliError."""
    name, sql = fields.get("q", ""), fields.get("sql", "").strip()
    if not name and not sql:
        return None
    if len(sql) > MAX_SQL:
        raise CliError(f"The SQL is longer than {MAX_SQL:,} characters.", code=Exit.USAGE)
    limit = fields.get("limit", "")
    saved = saved_query(name) if name else SavedQuery("", "", [], sql)
    return Asked(saved, _given(fields), int(limit) if limit in map(str, LIMITS) else LIMITS[0])


def _given(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters' values by name."""
    return {name.removeprefix(PARAMETER): value for name, value in fields.items() if name.startswith(PARAMETER)}


def answer_of(console: Console, asked: Asked) -> Answer:
    """Ask the lake. Raises CliError."""
    before = time.monotonic()
    result = _run(console, asked, asked.limit + 1)
    seconds = time.monotonic() - before
    next_limit = next((each for each in LIMITS if each > asked.limit), None)
    more = asked.address("/queries", limit=next_limit) if len(result.rows) > asked.limit and next_limit else None
    return Answer(msgspec.structs.replace(result, rows=result.rows[: asked.limit]), seconds, more)


def _run(console: Console, asked: Asked, limit: int | None) -> Result:
    values = bound(asked.saved, asked.given)
    with translate_lake_errors():
        return query_and_count(lake_of(console.target, timeout=TIMEOUT), asked.saved.sql, values, limit=limit)


class Cell(NamedTuple):
    """A value of the result."""

    text: str
    moment: str = ""
    """The time that it is."""
    post: str = ""
    """The post whose id it is."""
    is_number: bool = False


def _cell(column: str, value: Any) -> Cell:
    if isinstance(value, int | float) and not isinstance(value, bool):
        # A whole number may be an id, whose digits are not grouped.
        return Cell(str(value) if isinstance(value, int) else number_text(value), is_number=True)
    text = "" if value is None else one_line(str(plain_value(value)))
    if MOMENT.fullmatch(text):
        return Cell(text, moment=text)
    return Cell(text, post=text if POST_COLUMN.search(column) and is_id(text) else "")


class Drawn(NamedTuple):
    """A chart of a result: bars or lines."""

    column: str
    bars: list[drawing.Bar]
    lines: list[drawing.Line]


def drawn_of(result: Result) -> Drawn | None:
    """Draw a result; None where there is nothing to draw in it."""
    data = chart_data(result.columns, result.rows)
    if data is None:
        return None
    if isinstance(data, Bars):
        return Drawn(data.column, drawing.bars_of(data)[:MAX_BARS], [])
    return Drawn(data.column, [], drawing.lines_of(data))


class Card(NamedTuple):
    """A saved query."""

    query: SavedQuery
    is_own: bool
    """Whether it is the bot's folder's."""


def cards_and_problem() -> tuple[list[Card], TwbotError | None]:
    """Return the saved queries, the folder's first, and why those can't be read; then ours alone."""
    ours = queries_in(FOLDER)
    try:
        own = queries_in(own_folder())
    except TwbotError as error:
        return [Card(each, False) for each in ours.values()], error
    return [Card(each, each.name in own) for each in (own | ours | own).values()], None


def _columns() -> list[Column]:
    with translate_lake_errors():
        return columns()


def _same(console: Console, asked: Asked) -> str:
    if not asked.saved.name:
        return console.command("query", "--sql", asked.saved.sql)
    return console.command("query", asked.saved.name, *_parameters(asked))


def _parameters(asked: Asked) -> Iterator[str]:
    for name, value in asked.given.items():
        yield "-p"
        yield f"{name}={value}"
