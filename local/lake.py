"""The data lake on one machine: files of JSON lines in folders by hour, read with SQL by DuckDB.

What runs on Athena runs here: sqlglot turns its dialect into DuckDB's, and the table has the same declared types.
"""

from __future__ import annotations

import datetime
import gzip
import os
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from lambdas.analytics.table import COLUMNS, PARTITION, TABLE
from lambdas.contracts import Event
from lambdas.errors import Permanent, Temporary, TwbotError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FILES = "*.jsonl.gz"
UNFINISHED = ".unfinished"
MEMORY = "1GB"
_READ = "read_json_objects($files, format = 'newline_delimited', ignore_errors = true, compression = 'gzip')"


class BadSql(TwbotError):
    """SQL that can't be run; the text says why."""


class Result(msgspec.Struct, frozen=True):
    """A query's answer, how many bytes of the lake were read for it, and which of its files are damaged."""

    columns: list[str]
    rows: list[list[Any]]
    bytes_scanned: int
    damaged: list[str] = []


class Lake:
    """Safe to append to, to compact and to query from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writing = threading.Lock()

    def append(self, events: Sequence[Event]) -> None:
        """Write the events, whole files at a time. Raises Temporary; what is written twice counts once."""
        for hour, group in groupby(sorted(events, key=_hour), key=_hour):
            lines = b"".join(msgspec.json.encode(event) + b"\n" for event in group)
            self._write(self._folder / hour, gzip.compress(lines, compresslevel=3))

    def compact(self, now: datetime.datetime | None = None) -> int:
        """Make one file of the many of each hour that is over; how many files went."""
        this_hour = (now or datetime.datetime.now(datetime.UTC)).strftime("%Y/%m/%d/%H")
        gone = 0
        for folder in sorted(self._folder.glob("*/*/*/*")):
            if folder.relative_to(self._folder).as_posix() < this_hour:
                gone += self._compact(folder)
        return gone

    def query(self, sql: str, parameters: Sequence[str] = ()) -> Result:
        """Run one SELECT in Athena's dialect; each `?` is bound to a parameter. Raises BadSql."""
        import duckdb

        translated = _translate(sql)
        with self._opened() as (db, size, damaged):
            try:
                answer = db.execute(translated, list(parameters))
                columns = [column[0] for column in answer.description or []]
                return Result(columns, [list(row) for row in answer.fetchall()], size, damaged)
            except duckdb.Error as error:
                raise BadSql(str(error).splitlines()[0]) from None

    @contextmanager
    def _opened(self) -> Iterator[tuple[DuckDBPyConnection, int, list[str]]]:
        """A database that holds nothing but the table, and can reach nothing but it."""
        import duckdb

        with duckdb.connect(":memory:", config={"memory_limit": MEMORY, "autoinstall_known_extensions": "false"}) as db:
            db.execute("SET TimeZone = 'UTC'")
            files, damaged = self._files(), list[Path]()
            try:
                _load(db, files)
            except duckdb.Error:  # a file is damaged, or the running bot has just joined it with others
                files, damaged = _sorted_out(db, self._files())
                _load(db, files)
            db.execute("SET enable_external_access = false")
            db.execute("SET lock_configuration = true")
            yield db, sum(path.stat().st_size for path in files if path.exists()), [str(path) for path in damaged]

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"*/*/*/*/{FILES}"))

    def _compact(self, folder: Path) -> int:
        parts = sorted(folder.glob(FILES))
        if len(parts) < 2:
            return 0
        # Compressed files may be joined as they are. A crash before the last part is gone leaves events twice; they
        # count once.
        self._write(folder, b"".join(part.read_bytes() for part in parts))
        for part in parts:
            part.unlink(missing_ok=True)
        return len(parts)

    def _write(self, folder: Path, content: bytes) -> None:
        name = f"{uuid.uuid4()}.jsonl.gz"
        unfinished = folder / f"{name}{UNFINISHED}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._writing:
                for left in folder.glob(f"*{UNFINISHED}"):
                    left.unlink(missing_ok=True)
                with unfinished.open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                unfinished.rename(folder / name)
                _sync(folder)
        except OSError as error:
            raise Temporary(f"Cannot write to the lake in {folder}: {error.strerror}.") from None


def _hour(event: Event) -> str:
    try:
        moment = datetime.datetime.fromisoformat(event.time)
    except ValueError:
        raise Permanent(f"Not a time: {event.time!r}.") from None
    return moment.astimezone(datetime.UTC).strftime("%Y/%m/%d/%H")


def _sync(folder: Path) -> None:
    """Have the new name on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sorted_out(db: DuckDBPyConnection, files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Which files can be read to the end, and which can't."""
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


def _load(db: DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Make the table of the files. A broken line is left out, a field of another type is null, a repeat counts once."""
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


def _duckdb_type(hive: str) -> str:
    from sqlglot import exp

    return exp.DataType.build(hive, dialect="hive").sql("duckdb")


def _json_shape(hive: str) -> Any:
    """The type as `json_transform` wants it: {"a": "VARCHAR"}, ["VARCHAR"], "VARCHAR"."""
    from sqlglot import exp

    return _shape_of(exp.DataType.build(hive, dialect="hive"))


def _shape_of(kind: Any) -> Any:
    from sqlglot import exp

    if kind.is_type("struct"):
        return {field.name: _shape_of(field.args["kind"]) for field in kind.expressions}
    if kind.is_type("array"):
        return [_shape_of(kind.expressions[0])]
    return exp.DataType.sql(kind, "duckdb")


def _translate(sql: str) -> str:
    """Athena's SQL in DuckDB's words. One query that reads, and nothing else."""
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
