"""The data lake on one machine: gzipped JSON lines in folders by hour, queried by DuckDB in Athena's SQL.

sqlglot translates the dialect, and the table has the types that are declared for Athena.
"""

from __future__ import annotations

import datetime
import functools
import gzip
import logging
import os
import threading
import uuid
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from twbot.lambdas.analytics.erasure import ErasureResult, first_hour, remove_lines
from twbot.lambdas.analytics.lines import line_of
from twbot.lambdas.analytics.results import (
    BadSql,
    Exported,
    ExportFilter,
    OnProgress,
    Result,
    TooSlow,
    export_sql,
    no_progress,
)
from twbot.lambdas.analytics.table import own_columns
from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import Permanent, Temporary
from twbot.lambdas.folder.folder import bot_folder
from twbot.local.database import Place
from twbot.local.lake.copies import Copies, forget_copy
from twbot.local.lake.loading import load, readable_and_damaged
from twbot.local.lake.parts import FILES, HOURS, Part, joined, newest_first, read_part
from twbot.local.lake.sql import duckdb_error, lower, open_database, plain, quoted, run, translate
from twbot.local.utf8_path import utf8_path

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

UNFINISHED = ".unfinished"
_log = logging.getLogger("twbot.lake")


class Lake:
    """The lake in one folder. Threads may append, compact, query and erase at the same time.

    `timeout`: seconds after which a query is stopped; None: never.
    """

    def __init__(self, folder: Path, *, timeout: float | None = None) -> None:
        self._timeout = timeout
        self._folder = utf8_path(folder)  # DuckDB takes no other
        self._writing = threading.Lock()
        self._replacing = threading.Lock()  # one at a time: compacting and erasing replace files by new ones
        self._damaged: set[Path] = set()  # what compaction has left alone and logged
        self._place: Place | None = None

    def open(self) -> Place:
        """Make the folder. From then on an append is refused where it is gone or another one. Raises Temporary."""
        if self._place is None:
            try:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                raise Temporary(f"Cannot write to the lake in {self._folder}: {error.strerror}.") from None
            self._place = Place(self._folder)
        return self._place

    def append(self, events: Sequence[Event]) -> None:
        """Write the events, one file for each of their hours. Raises Temporary, Permanent for an event without a time.

        A repeated call may write events twice; queries count them once.
        """
        self.open().check()
        columns = own_columns(bot_folder().events)
        by_hour: dict[str, list[Event]] = {}
        for event in events:
            by_hour.setdefault(_hour(event.time), []).append(event)
        for hour, group in sorted(by_hour.items()):
            lines = b"".join(line_of(event, columns) + b"\n" for event in group)
            self._write(self._folder / hour, gzip.compress(lines, compresslevel=3))

    def compact(self, now: datetime.datetime | None = None) -> int:
        """Join the files of each past hour into one. Return how many files were replaced.

        A damaged file is left as it is, and logged once. Raises Temporary where the joined file can't be written; then
        all are as they were.
        """
        count = 0
        for hour in self._hours_before(now or datetime.datetime.now(datetime.UTC)):
            if len(_names(f"{self._folder}/{hour}")) > 1:  # as few hours have, and a round looks at all of them
                with self._replacing:
                    count += self._compact(self._folder / hour)
        return count

    def prune(self, before: datetime.datetime) -> int:
        """Delete the files of the hours that were over at this time. Return how many there were."""
        count = 0
        for hour in self._hours_before(before):
            folder = self._folder / hour
            with self._replacing:
                files = [path for path in folder.iterdir() if path.is_file()]
                for path in files:
                    path.unlink(missing_ok=True)
                    forget_copy(self._folder, path)
                _remove_empty(folder, self._folder)
            count += len(files)
        return count

    def size(self) -> int:
        """Return the files' size in bytes."""
        return sum(path.stat().st_size for path in self._files() if path.exists())

    def query(self, sql: str, parameters: Sequence[str] = (), *, limit: int | None = None) -> Result:
        """Run one SELECT in Athena's dialect, with a parameter for each `?`. `limit`: rows at most.

        Raises BadSql, TooSlow.
        """
        import duckdb

        translated = translate(sql)
        with self._opened() as (db, size, damaged), _stopped_after(self._timeout, db):
            try:
                answer = run(db, translated, parameters)
                columns = [column[0] for column in answer.description or []]
                rows = answer.fetchall() if limit is None else answer.fetchmany(limit)
                return Result(columns, [list(map(plain, row)) for row in rows], size, damaged)
            except duckdb.InterruptException:
                raise TooSlow(f"The query was stopped: it took more than {self._timeout:g} seconds.") from None
            except duckdb.Error as error:
                raise BadSql(duckdb_error(error)) from None

    def export(self, wanted: ExportFilter, folder: Path, *, on_progress: OnProgress = no_progress) -> Exported:
        """Write events into `events.parquet` in the folder. No events make no file. Raises Temporary."""
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
        """Remove the events about a post and about the replies to it. With `dry_run`, only count them."""
        result = ErasureResult()
        with self._replacing:  # from the listing on: a file that compaction writes meanwhile would not be looked into
            for path in self._files():
                # The post's id has its time: no earlier file can be about it.
                if path.parent.relative_to(self._folder).as_posix() >= first_hour(tweet_id):
                    result += self._forget(path, (tweet_id, *replies), dry_run)
        return result

    def _forget(self, path: Path, ids: tuple[str, ...], dry_run: bool) -> ErasureResult:
        try:
            lines = gzip.decompress(path.read_bytes())
        except FileNotFoundError:  # compacted meanwhile
            return ErasureResult()
        except (OSError, EOFError, zlib.error):
            return ErasureResult(unreadable=(str(path),))
        rest, gone = remove_lines(lines, *ids)
        if gone.events and not dry_run:
            forget_copy(self._folder, path)
            if rest:
                self._write(path.parent, gzip.compress(rest, compresslevel=3))
            path.unlink(missing_ok=True)
            forget_copy(self._folder, path)  # again: a query may have made one meanwhile
        return gone

    @contextmanager
    def _opened(self, writes: Path | None = None) -> Iterator[tuple[DuckDBPyConnection, int, list[str]]]:
        """Open a database with the lake's table. Yield it, the files' size in bytes, and what is damaged.

        Its SQL can reach no file but `writes`.
        """
        import duckdb

        with open_database(self._folder) as db:
            copies, damaged = Copies(self._folder, self._files()), list[Path]()
            try:
                lines = load(db, copies.rest)
            except duckdb.Error:  # a file is damaged, or the running bot has just compacted it
                copies = Copies(self._folder, self._files())
                rest, damaged = readable_and_damaged(db, copies.rest)
                lines = load(db, rest)
            if not damaged and not lines:
                copies.add(db)
            with copies.beside(db) as read:
                # Users write the SQL: forbid files and extensions, and lock that, before any of it runs.
                # https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
                allowed = [*read, *([writes] if writes else [])]
                db.execute(f"SET allowed_paths = [{', '.join(map(quoted, allowed))}]")
                db.execute("SET enable_external_access = false")
                db.execute("SET lock_configuration = true")
                yield db, copies.size, [*map(str, damaged), *lines]

    def _files(self) -> list[Path]:
        return sorted(newest_first(self._folder))

    def _hours_before(self, moment: datetime.datetime) -> list[str]:
        """Return the folders of the hours that were over at this time, oldest first."""
        hour = moment.astimezone(datetime.UTC).strftime("%Y/%m/%d/%H")
        hours = [""]
        for _ in HOURS.split("/"):  # a fifth of glob()'s time: a bot that starts looks at all of them
            hours = [
                f"{above}/{name}" for above in hours for name in _names(f"{self._folder}{above}") if name.isdigit()
            ]
        return [each[1:] for each in sorted(hours) if each[1:] < hour]

    def _compact(self, folder: Path) -> int:
        # Each is read to its end before any is touched: what follows a file that is cut off would be lost with it.
        parts = [part for path in sorted(folder.glob(FILES)) if (part := read_part(path)) is not None]
        self._report([part for part in parts if part.problem])
        whole = [part for part in parts if not part.problem]
        if len(whole) < 2:
            return 0
        # A crash before the last part is deleted leaves events twice; queries count them once.
        self._write(folder, joined(whole))
        for part in whole:
            part.path.unlink(missing_ok=True)
        return len(whole)

    def _report(self, damaged: list[Part]) -> None:
        for part in damaged:
            if part.path not in self._damaged:
                self._damaged.add(part.path)
                message = "a damaged file of the lake is left as it is: %s: %s"
                _log.error(message, part.path, part.problem, extra={"file": str(part.path), "reason": part.problem})

    def _write(self, folder: Path, content: bytes) -> None:
        name = f"{uuid.uuid4()}.jsonl.gz"
        unfinished = folder / f"{name}{UNFINISHED}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._writing:
                for leftover in folder.glob(f"*{UNFINISHED}"):  # of a process that was killed here
                    leftover.unlink(missing_ok=True)
                with unfinished.open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                unfinished.rename(folder / name)
                _sync(folder)
        except OSError as error:
            raise Temporary(f"Cannot write to the lake in {folder}: {error.strerror}.") from None


@functools.lru_cache(maxsize=1024)  # the events of one webhook or handler have one time
def _hour(time: str) -> str:
    try:
        moment = datetime.datetime.fromisoformat(time)
    except ValueError:
        raise Permanent(f"Not a time: {time!r}.") from None
    return moment.astimezone(datetime.UTC).strftime("%Y/%m/%d/%H")


def _names(folder: str) -> list[str]:
    """Return the names in a folder; none where it is gone, or no folder."""
    try:
        return os.listdir(folder)  # noqa: PTH208 - half of Path.iterdir()'s time
    except OSError:
        return []


@contextmanager
def _stopped_after(seconds: float | None, db: DuckDBPyConnection) -> Iterator[None]:
    """Interrupt what the database does meanwhile, once it has taken so many seconds."""
    if seconds is None:
        yield
        return
    done = threading.Event()

    def watch() -> None:
        while not done.wait(seconds):  # again and again: between two statements there is nothing to interrupt
            db.interrupt()

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()  # the database is closed after this


def _remove_empty(folder: Path, root: Path) -> None:
    """Remove the folder and those above it, below `root`, as far as they are empty."""
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def _sync(folder: Path) -> None:
    # fsync of a file does not write its name: the folder needs one of its own.
    # https://man7.org/linux/man-pages/man2/fsync.2.html
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
