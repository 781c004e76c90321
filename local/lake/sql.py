"""The lake's table in DuckDB: opens it, runs Athena's SQL on it, and converts values to Athena's."""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twbot.lambdas.analytics.columns import table_columns

if TYPE_CHECKING:
    import duckdb
    from duckdb import DuckDBPyConnection

MEMORY = "1GB"
SPILL, SPILL_LIMIT = ".spill", "8GB"
# athena_check() and athena_castable() put their words into a cast that fails.
_OURS = re.compile(r"athena:(.*?)(:athena|$)", re.DOTALL)
_MACROS = Path(__file__).parent / "trino" / "macros.sql"
_MACRO = re.compile(r"athena_[a-z0-9_]+(?=\()")
_DIVISION = "Division by zero"


def open_database(folder: Path) -> DuckDBPyConnection:
    """Open a database in memory that may use a private folder within the lake's where its memory does not suffice."""
    import duckdb

    # By default DuckDB writes to .tmp in the working folder: what people wrote, wherever somebody stands.
    # https://duckdb.org/docs/stable/configuration/overview
    spill = folder / SPILL
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "autoinstall_known_extensions": "false",
        "temp_directory": str(spill) if folder.is_dir() else "",
        "max_temp_directory_size": SPILL_LIMIT,
    }
    db = duckdb.connect(":memory:", config=config)
    db.execute("SET TimeZone = 'UTC'")
    db.execute("SET enable_progress_bar = false")  # it writes to stdout, into the answer
    return db


def run(db: DuckDBPyConnection, sql: str, parameters: Sequence[str] = ()) -> DuckDBPyConnection:
    """Run translated SQL. Raises duckdb.Error."""
    for statement in _macros_of(sql):
        db.execute(statement)
    return db.execute(sql, list(parameters))


def _macros_of(sql: str) -> list[str]:
    """Return the statements that make the macros which the SQL calls, those that they call first."""
    wanted: dict[str, str] = {}
    for name in _MACRO.findall(sql):
        statement = _macros()[name]
        for inner in [*_macros_of(statement.partition(" AS")[2]), statement]:
            wanted.setdefault(inner, inner)
    return list(wanted)


@functools.cache
def _macros() -> dict[str, str]:
    statements = _MACROS.read_text("utf-8").split("CREATE MACRO ")[1:]
    return {_MACRO.match(each)[0]: f"CREATE OR REPLACE TEMP MACRO {each}" for each in statements}  # type: ignore[index]


def lower(db: DuckDBPyConnection, select: str) -> None:
    """Create the table `exported` from a SELECT. The field names within its structs are lower case, as in Athena.

    https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
    """
    described = run(db, f"DESCRIBE {select}").fetchall()
    declared = ", ".join(
        f'"{name}" {_duckdb_type(table_columns()["detail"].lower()) if name == "detail" else kind}'
        for name, kind, *_ in described
    )
    db.execute(f"CREATE TABLE exported ({declared})")
    db.execute(f"INSERT INTO exported {select}")


def join(files: Sequence[Path], whole: Path) -> Path:
    """Join several Parquet files into one, and return its path."""
    import duckdb

    with duckdb.connect(":memory:", config={"memory_limit": MEMORY}) as db:
        names = ", ".join(map(quoted, files))
        db.execute(f"COPY (SELECT * FROM read_parquet([{names}])) TO {quoted(whole)} (FORMAT PARQUET)")  # noqa: S608
    return whole


def quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def duckdb_error(error: duckdb.Error) -> str:
    """Return DuckDB's message in one line, without its copy of the SQL."""
    message = " ".join(str(error).split("\n\nLINE ")[0].split())
    if found := _OURS.search(message):
        return found[1]
    return _DIVISION if _DIVISION in message else message


def plain(value: Any) -> Any:
    """Convert a value to the form that Athena returns: times as RFC 3339, decimals as floats, bytes in hex."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime.datetime):
        bare = value.astimezone(datetime.UTC).replace(tzinfo=None) if value.tzinfo else value
        return bare.isoformat(timespec="milliseconds") + ("Z" if value.tzinfo else "")
    if isinstance(value, bytes):
        return value.hex(" ")
    return value.isoformat() if isinstance(value, datetime.date) else value


def _duckdb_type(hive: str) -> str:
    from sqlglot import exp

    return exp.DataType.build(hive, dialect="hive").sql("duckdb")


def translate(sql: str) -> str:
    """Translate one query of Athena's SQL to DuckDB's. Raises BadSql where it is none, or says how it can't be had."""
    from twbot.local.lake.trino.queries import compile_query

    return compile_query(sql)
