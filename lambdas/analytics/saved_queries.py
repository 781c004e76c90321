"""The saved queries of `queries/`: Athena's SQL, described in the first line.

    -- Who writes most.
    -- parameter: most integer 20

Each parameter is a `?` of the SQL, in this order; it is bound, never pasted: as text, which the SQL casts.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parents[2] / "queries"
_PARAMETER = re.compile(r"^-- parameter: (?P<name>\w+) (?P<type>integer|text) (?P<default>.+)$", re.MULTILINE)


class Parameter(msgspec.Struct, frozen=True):
    name: str
    type: str
    default: str


class SavedQuery(msgspec.Struct, frozen=True):
    name: str
    description: str
    parameters: list[Parameter]
    sql: str


def saved_queries(folder: Path = FOLDER) -> dict[str, SavedQuery]:
    """All of them, by name."""
    return {path.stem: _read(path) for path in sorted(folder.glob("*.sql"))}


def literal(value: str) -> str:
    """The value as Athena wants an execution parameter: a text of SQL."""
    return "'" + value.replace("'", "''") + "'"


def _read(path: Path) -> SavedQuery:
    text = path.read_text("utf-8")
    parameters = [Parameter(**found.groupdict()) for found in _PARAMETER.finditer(text)]
    sql = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return SavedQuery(path.stem, text.splitlines()[0].removeprefix("-- "), parameters, sql.strip())
