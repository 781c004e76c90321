"""The saved queries in `queries/`, and those of the bot's folder: SQL for Athena, described in the first line.

    -- Who writes most.
    -- parameter: most integer 20

Each parameter is a `?` of the SQL, in this order. It is bound as text, which the SQL casts, and never pasted into it:
https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import project
from twbot.lambdas.text_files import decode_text

FOLDER = Path(__file__).parents[2] / "queries"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_PARAMETER = re.compile(r"-- parameter: (?P<name>\w+) (?P<type>integer|text) (?P<default>.+)")
_ANY_PARAMETER = re.compile(r"--\s*parameters?\b", re.IGNORECASE)


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


def saved_queries() -> dict[str, SavedQuery]:
    """Return the saved queries by name: ours, and those of the bot's folder, which replace ours. Raises TwbotError."""
    return queries_in(FOLDER) | queries_in(own_folder())


def own_folder() -> Path:
    """Return where the bot's folder has its queries, whether or not it has any."""
    return project() / "bot" / "queries"


def queries_in(folder: Path) -> dict[str, SavedQuery]:
    """Return the saved queries of a folder by name. Raises TwbotError: file, line, fault."""
    return {path.stem: read_query(path) for path in sorted(folder.glob("*.sql"))}


def literal(value: str) -> str:
    """Return the value as a string literal of SQL, as Athena expects an execution parameter."""
    return "'" + value.replace("'", "''") + "'"


def read_query(path: Path) -> SavedQuery:
    """Return the query of a file. Raises TwbotError."""
    if not _NAME.fullmatch(path.stem):
        raise TwbotError(f"{path}: the name of a query is letters, digits, _ and -, 64 at most.", "Rename the file")
    try:
        return parse_query(path.read_bytes(), str(path), path.stem)
    except OSError as error:
        raise TwbotError(f"Cannot read {path}: {error}") from None


def parse_query(content: bytes, path: str, name: str = "") -> SavedQuery:
    """Return the query that a file's content is. `path`: what errors call it. Raises TwbotError: file, line, fault."""
    try:
        lines = decode_text(content).splitlines()
    except UnicodeDecodeError as error:
        raise TwbotError(f"Cannot read {path}: {error}") from None
    parameters = [_parameter(path, number, line) for number, line in enumerate(lines, 1) if _ANY_PARAMETER.match(line)]
    sql = "\n".join(line for line in lines if not line.startswith("--")).strip()
    if not sql:
        raise TwbotError(f"{path}:1: there is no SQL.", "Write one SELECT, with a description above it: -- Who asks.")
    described = lines[0].startswith("--") and not _ANY_PARAMETER.match(lines[0])
    return SavedQuery(name, lines[0].removeprefix("--").strip() if described else "", parameters, sql)


def _parameter(path: str, number: int, line: str) -> Parameter:
    found = _PARAMETER.fullmatch(line.rstrip())
    if not found:
        raise TwbotError(f"{path}:{number}: no parameter: {line}", "Write: -- parameter: days integer 7, or text")
    if found["type"] == "integer" and not re.fullmatch(r"-?[0-9]{1,9}", found["default"]):
        raise TwbotError(f"{path}:{number}: {found['name']} is an integer, and its default is {found['default']!r}.")
    return Parameter(**found.groupdict())
