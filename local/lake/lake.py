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
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from twbot.lambdas.analytics.erasure import ErasureResult, first_hour, remove_lines
from twbot.lambdas.analytics.results import BadSql, Exported, ExportFilter, OnProgress, Result, export_sql, no_progress
from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import Permanent, Temporary
from twbot.local.lake.sql import MEMORY, duckdb_error, load, lower, plain, quoted, sorted_out, translate

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FILES = "*.jsonl.gz"
UNFINISHED = ".unfinished"


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

        translated = translate(sql)
        with self._opened() as (db, size, damaged):
            try:
                answer = db.execute(translated, list(parameters))
                columns = [column[0] for column in answer.description or []]
                rows = answer.fetchall() if limit is None else answer.fetchmany(limit)
                return Result(columns, [list(map(plain, row)) for row in rows], size, damaged)
            except duckdb.Error as error:
                raise BadSql(duckdb_error(error)) from None

    def export(self, wanted: ExportFilter, folder: Path, *, on_progress: OnProgress = no_progress) -> Exported:
        """Write the events into a Parquet file in the folder; no file for no events. Raises Temporary."""
        import duckdb

        file = folder / "events.parquet"
        translated = translate(export_sql(wanted))
        on_progress("reading the lake")
        with self._opened(writes=file) as (db, size, damaged):
            try:
                lower(db, translated)
                on_progress("writing")
                (rows,) = db.execute(f"COPY exported TO {quoted(file)} (FORMAT PARQUET)").fetchone() or (0,)
            except duckdb.Error as error:
                raise Temporary(f"Cannot write {file}: {str(error).splitlines()[0]}") from None
            if not rows:
                file.unlink()
            return Exported([file.name] if rows else [], rows, size, damaged)

    def forget(self, tweet_id: str, *replies: str, dry_run: bool = False) -> ErasureResult:
        """Rewrite the files that tell of the post or of the replies to it, without what they tell of them."""
        found = ErasureResult()
        for path in self._files():
            if path.parent.relative_to(self._folder).as_posix() < first_hour(tweet_id):
                continue
            with self._replacing:
                found += self._forget(path, (tweet_id, *replies), dry_run)
        return found

    def _forget(self, path: Path, ids: tuple[str, ...], dry_run: bool) -> ErasureResult:
        try:
            lines = gzip.decompress(path.read_bytes())
        except FileNotFoundError:  # joined with others: those are read, too, or again
            return ErasureResult()
        except (OSError, EOFError, zlib.error):
            return ErasureResult(unreadable=(str(path),))
        rest, gone = remove_lines(lines, *ids)
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
                load(db, files)
            except duckdb.Error:  # a file is damaged, or the running bot has just joined it with others
                files, damaged = sorted_out(db, self._files())
                load(db, files)
            if writes is not None:
                db.execute(f"SET allowed_paths = [{quoted(writes)}]")
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
