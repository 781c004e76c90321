"""What a measurement returns: tables for a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

BAR = "\\|"
"""A bar within a cell."""


class Table(NamedTuple):
    """A table with a title, and a note below it: where its sets come from, what it does not show."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""


def markdown(table: Table) -> str:
    """Return the table as a section of a page."""
    lines = [table.columns, ("---",) * len(table.columns), *table.rows]
    rows = "\n".join(_row(line) for line in lines)
    return "\n\n".join(part for part in (f"### {table.title}", rows, table.note) if part)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |"
