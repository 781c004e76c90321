"""The saved queries in `queries/`: SQL for Athena, with a description in the first line.

    -- Who writes most.
    -- parameter: most integer 20

Each parameter is a `?` of the SQL, in this order. It is bound as text, which the SQL casts, and never pasted into it:
https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parents[2] / "queries"
_PARAMETER = re.compile(r"^-- parameter: (?P<name>\w+) (?P<type>integer|text) (?P<default>.+)$", re.MULTILINE)


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of a saved query."""

    name: str
    type: str
    """Either integer or text."""
    default: str


class SavedQuery(msgspec.Struct, frozen=True):
    """A saved query."""

    name: str
    """Name of its file, without .sql."""
    description: str
    parameters: list[Parameter]
    sql: str


def saved_queries(folder: Path = FOLDER) -> dict[str, SavedQuery]:
    """Return the saved queries of a folder by name."""
    return {path.stem: _read(path) for path in sorted(folder.glob("*.sql"))}


def literal(value: str) -> str:
    """Return the value as a string literal of SQL, as Athena expects an execution parameter."""
    return "'" + value.replace("'", "''") + "'"


def _read(path: Path) -> SavedQuery:
    text = path.read_text("utf-8")
    parameters = [Parameter(**found.groupdict()) for found in _PARAMETER.finditer(text)]
    sql = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return SavedQuery(path.stem, text.splitlines()[0].removeprefix("-- "), parameters, sql.strip())
