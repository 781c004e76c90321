"""The lake's table in DuckDB: loads it from files, translates Athena's SQL, and converts values to Athena's."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from twbot.lambdas.analytics.results import BadSql
from twbot.lambdas.analytics.table import COLUMNS, PARTITION, TABLE

if TYPE_CHECKING:
    import duckdb
    from duckdb import DuckDBPyConnection

MEMORY = "1GB"
_READ = "read_json_objects($files, format = 'newline_delimited', ignore_errors = true, compression = 'gzip')"


def readable_and_damaged(db: DuckDBPyConnection, files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return the files that can be read to the end, and those that can't. Files that are gone are in neither list."""
    import duckdb

    whole: list[Path] = []
    damaged: list[Path] = []
    for path in files:
        try:
            db.execute(f"SELECT count(*) FROM {_READ}", {"files": [str(path)]})  # noqa: S608
            whole.append(path)
        except duckdb.Error:
            damaged.append(path)
    return whole, [path for path in damaged if path.exists()]


def load(db: DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Create the table from the files. A broken line is skipped, a field of another type is null.

    Events that were written twice are loaded once; a replayed copy is an event of its own.
    """
    types = {name: _duckdb_type(hive) for name, hive in COLUMNS.items()}
    declared = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    db.execute(f'CREATE OR REPLACE TABLE "{TABLE}" ({declared}, "{PARTITION}" VARCHAR)')
    if not files:
        return
    shape = msgspec.json.encode({name: _json_shape(hive) for name, hive in COLUMNS.items()}).decode()
    db.execute(
        f"""
        INSERT INTO "{TABLE}"
        SELECT unnest(event), strftime(TRY_CAST(event.time AS TIMESTAMPTZ), '%Y/%m/%d/%H')
        FROM (
            SELECT json_transform(json, $shape) AS event
            FROM {_READ}
        )
        WHERE event.id IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY event.id, event."replay-name") = 1
        """,  # noqa: S608 - the names are ours
        {"shape": shape, "files": [str(path) for path in files]},
    )


def lower(db: DuckDBPyConnection, select: str) -> None:
    """Create the table `exported` from a SELECT. The field names within its structs are lower case, as in Athena.

    https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
    """
    described = db.execute(f"DESCRIBE {select}").fetchall()
    declared = ", ".join(
        f'"{name}" {_duckdb_type(COLUMNS["detail"].lower()) if name == "detail" else kind}'
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
    return " ".join(str(error).split("\n\nLINE ")[0].split())


def plain(value: Any) -> Any:
    """Convert a value to the form that Athena returns: times as RFC 3339, dates as ISO 8601, decimals as floats."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime.datetime):
        bare = value.astimezone(datetime.UTC).replace(tzinfo=None) if value.tzinfo else value
        return bare.isoformat(timespec="milliseconds") + ("Z" if value.tzinfo else "")
    return value.isoformat() if isinstance(value, datetime.date) else value


def _duckdb_type(hive: str) -> str:
    from sqlglot import exp

    return exp.DataType.build(hive, dialect="hive").sql("duckdb")


def _json_shape(hive: str) -> Any:
    """Return the type as `json_transform` takes it: {"a": "VARCHAR"}, ["VARCHAR"] or "VARCHAR"."""
    from sqlglot import exp

    return _shape_of(exp.DataType.build(hive, dialect="hive"))


def _shape_of(kind: Any) -> Any:
    from sqlglot import exp

    if kind.is_type("struct"):
        return {field.name: _shape_of(field.args["kind"]) for field in kind.expressions}
    if kind.is_type("array"):
        return [_shape_of(kind.expressions[0])]
    return exp.DataType.sql(kind, "duckdb")


def translate(sql: str) -> str:
    """Translate one query of Athena's SQL to DuckDB's. Raises BadSql for anything but a single SELECT."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = [each for each in sqlglot.parse(sql, read="athena") if each is not None]
        if len(statements) != 1 or not isinstance(statements[0], exp.Query):
            raise BadSql("Only one SELECT at a time can be run.")
        return statements[0].sql("duckdb", comments=False)
    except SqlglotError as error:
        raise BadSql(f"That is not SQL that Athena understands: {str(error).splitlines()[0]}") from None
