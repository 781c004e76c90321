"""Shows what a query of the lake answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from rich.cells import cell_len

from twbot.cli.ui.console import table
from twbot.cli.ui.figures import Cell
from twbot.cli.ui.layout import MIN_TEXT, Column
from twbot.cli.ui.times import format_time
from twbot.lambdas.plain_text import one_line

# A full time as events have it, which people see in their own zone; days and hours of a query stay as they are.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)
_NO_BLANKS = re.compile(r"[!-~]*")


def result_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], *, utc: bool = False, none: str | None = None
) -> None:
    """Print the rows; where there are none, say `none`.

    Of a query nobody knows what its columns are: sentences, lists and records give way.
    """
    cells = [[_cell(value, utc) for value in row] for row in rows]
    headings = [
        Column(one_line(name), gives_way=any(_is_long(row[at]) for row in cells)) for at, name in enumerate(columns)
    ]
    table(headings, cells, none=none)


def plain_value(value: Any) -> Any:
    """Return a value for a cell: lists, records and booleans as JSON."""
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list | bool) else value


def _cell(value: Any, utc: bool) -> Any:
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return Cell(value, format_time(value, utc=utc))
    # A whole number may be an id, whose digits are not grouped.
    return Cell(value, str(value)) if isinstance(value, int) and not isinstance(value, bool) else plain_value(value)


def _is_long(cell: Any) -> bool:
    """Return whether a cell is free text: longer than a name, and neither an id nor an address."""
    return isinstance(cell, str) and cell_len(cell) > MIN_TEXT and not _NO_BLANKS.fullmatch(cell)
