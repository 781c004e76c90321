"""The data lake on one machine: files of JSON lines in folders by hour, read with SQL by DuckDB.

What runs on Athena runs here: sqlglot turns its dialect into DuckDB's, and the table has the same declared types.
"""

from __future__ import annotations

import datetime
import gzip
import os
import threading
import uuid
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from lambdas.analytics.answers import BadSql, Exported, Result, Tell, Wanted, export_sql, untold
from lambdas.analytics.forgetting import Forgot, first_hour, without
from lambdas.analytics.table import COLUMNS, PARTITION, TABLE
from lambdas.contracts import Event
from lambdas.errors import Permanent, Temporary

if TYPE_CHECKING:
    import duckdb
    from duckdb import DuckDBPyConnection

FILES = "*.jsonl.gz"
UNFINISHED = ".unfinished"
MEMORY = "1GB"
_READ = "read_json_objects($files, format = 'newline_delimited', ignore_errors = true, compression = 'gzip')"


class Lake:
    """Safe to append to, to compact and to query from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writing = threading.Lock()
        self._replacing = threading.Lock()  # compacting and forgetting make new files of old ones

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
                with self._replacing:
                    gone += self._compact(folder)
        return gone

    def query(self, sql: str, parameters: Sequence[str] = (), *, limit: int | None = None) -> Result:
        """Run one SELECT in Athena's dialect; each `?` is bound to a parameter. Raises BadSql."""
        import duckdb

        translated = _translate(sql)
        with self._opened() as (db, size, damaged):
            try:
                answer = db.execute(translated, list(parameters))
                columns = [column[0] for column in answer.description or []]
                rows = answer.fetchall() if limit is None else answer.fetchmany(limit)
                return Result(columns, [list(map(_plain, row)) for row in rows], size, damaged)
            except duckdb.Error as error:
                raise BadSql(_explained(error)) from None

    def export(self, wanted: Wanted, folder: Path, *, tell: Tell = untold) -> Exported:
        """Write the events into a Parquet file in the folder; no file for no events. Raises Temporary."""
        import duckdb

        file = folder / "events.parquet"
        translated = _translate(export_sql(wanted))
        tell("reading the lake")
        with self._opened(writes=file) as (db, size, damaged):
            try:
                _lower(db, translated)
                tell("writing")
                (rows,) = db.execute(f"COPY exported TO {_quoted(file)} (FORMAT PARQUET)").fetchone() or (0,)
            except duckdb.Error as error:
                raise Temporary(f"Cannot write {file}: {str(error).splitlines()[0]}") from None
            if not rows:
                file.unlink()
            return Exported([file.name] if rows else [], rows, size, damaged)

    def forget(self, tweet_id: str, *replies: str, dry_run: bool = False) -> Forgot:
        """Rewrite the files that tell of the post or of the replies to it, without what they tell of them."""
        found = Forgot()
        for path in self._files():
            if path.parent.relative_to(self._folder).as_posix() < first_hour(tweet_id):
                continue
            with self._replacing:
                found += self._forget(path, (tweet_id, *replies), dry_run)
        return found

    def _forget(self, path: Path, ids: tuple[str, ...], dry_run: bool) -> Forgot:
        try:
            lines = gzip.decompress(path.read_bytes())
        except FileNotFoundError:  # joined with others: those are read, too, or again
            return Forgot()
        except (OSError, EOFError, zlib.error):
            return Forgot(unreadable=(str(path),))
        rest, gone = without(lines, *ids)
        if gone.events and not dry_run:
            if rest:
                self._write(path.parent, gzip.compress(rest, compresslevel=3))
            path.unlink(missing_ok=True)
        return gone

    @contextmanager
    def _opened(self, writes: Path | None = None) -> Iterator[tuple[DuckDBPyConnection, int, list[str]]]:
        """A database that holds nothing but the table, and can reach nothing but it and the file it writes."""
        import duckdb

        with duckdb.connect(":memory:", config={"memory_limit": MEMORY, "autoinstall_known_extensions": "false"}) as db:
            db.execute("SET TimeZone = 'UTC'")
            files, damaged = self._files(), list[Path]()
            try:
                _load(db, files)
            except duckdb.Error:  # a file is damaged, or the running bot has just joined it with others
                files, damaged = _sorted_out(db, self._files())
                _load(db, files)
            if writes is not None:
                db.execute(f"SET allowed_paths = [{_quoted(writes)}]")
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


def _lower(db: DuckDBPyConnection, select: str) -> None:
    """The table `exported`, with the names inside its records in small letters, as Athena has them."""
    described = db.execute(f"DESCRIBE {select}").fetchall()
    declared = ", ".join(
        f'"{name}" {_duckdb_type(COLUMNS["detail"].lower()) if name == "detail" else kind}'
        for name, kind, *_ in described
    )
    db.execute(f"CREATE TABLE exported ({declared})")
    db.execute(f"INSERT INTO exported {select}")


def join(files: Sequence[Path], whole: Path) -> Path:
    """Make one Parquet file of several."""
    import duckdb

    with duckdb.connect(":memory:", config={"memory_limit": MEMORY}) as db:
        names = ", ".join(map(_quoted, files))
        db.execute(f"COPY (SELECT * FROM read_parquet([{names}])) TO {_quoted(whole)} (FORMAT PARQUET)")  # noqa: S608
    return whole


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _explained(error: duckdb.Error) -> str:
    """What is wrong, and what there is instead; without the SQL, which DuckDB says again."""
    return " ".join(str(error).split("\n\nLINE ")[0].split())


def _plain(value: Any) -> Any:
    """Values as Athena gives them, too."""
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
