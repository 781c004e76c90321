"""Columnar copies of the lake's past days, of which a query reads what it asks for.

The hourly files are the lake; copies are made of them by the first query that meets a megabyte without, and made anew
where the files changed. See docs/decisions/0020-what-was-measured-and-what-made-it-fast.md
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from twbot.lambdas.analytics.columns import table_columns
from twbot.lambdas.analytics.table import PARTITION, TABLE
from twbot.local.lake.sql import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FOLDER = ".days"
ENOUGH = 1_000_000  # bytes of past days' files without a copy, from which they are copied
UNFINISHED = ".unfinished"
LEFT_BEHIND = 3600.0  # seconds after which a process that was making a copy has ended
LOADED = f"{TABLE} without copies"


class Copies:
    """The copies that are there of these files of a lake, and the `rest` of the files."""

    def __init__(self, lake: Path, files: Iterable[Path]) -> None:
        self._lake, self._folder = lake, lake / FOLDER
        self._days: dict[str, list[Path]] = {}
        for path in files:
            self._days.setdefault(_day(lake, path), []).append(path)
        self._paths = {day: self._path(day, of) for day, of in self._days.items()}
        self._there = {day for day, path in self._paths.items() if path.exists()}

    @property
    def paths(self) -> list[Path]:
        return [self._paths[day] for day in sorted(self._there)]

    @property
    def rest(self) -> list[Path]:
        return [path for day, files in self._days.items() if day not in self._there for path in files]

    @property
    def size(self) -> int:
        """The files' size in bytes, those with a copy included."""
        return sum(path.stat().st_size for files in self._days.values() for path in files if path.exists())

    @contextlib.contextmanager
    def beside(self, db: DuckDBPyConnection) -> Iterator[list[Path]]:
        """Put the copies beside what was loaded into the table. Yield the files that queries of the table read."""
        if not self._there:
            yield []
            return
        now = self._folder / f"{_today()}.{uuid.uuid4()}{UNFINISHED}"
        files = self.paths
        try:
            # One scan of files only: of a table beside them DuckDB reads all columns, 20 times as long.
            _make_private(now)
            db.execute(f'COPY "{TABLE}" TO {quoted(now)} (FORMAT PARQUET)')
            files.append(now)
            db.execute(f'DROP TABLE "{TABLE}"')
            db.execute(f'CREATE VIEW "{TABLE}" AS FROM read_parquet([{", ".join(map(quoted, files))}])')
        except OSError:  # the folder can only be read
            db.execute(f'ALTER TABLE "{TABLE}" RENAME TO "{LOADED}"')
            names = ", ".join(map(quoted, files))
            db.execute(f'CREATE VIEW "{TABLE}" AS FROM "{LOADED}" UNION ALL BY NAME FROM read_parquet([{names}])')
        try:
            yield files
        finally:
            with contextlib.suppress(OSError):
                now.unlink(missing_ok=True)

    def add(self, db: DuckDBPyConnection) -> None:
        """Copy past days out of the table, into which `rest` was loaded, where there is enough of them.

        It changes no answer: where the disk can't be written, the next query reads the files again.
        """
        past = [day for day in self._days if day < _today() and day not in self._there]
        with contextlib.suppress(OSError):
            self._sweep()
            if sum(path.stat().st_size for day in past for path in self._days[day]) >= ENOUGH:
                self._folder.mkdir(mode=0o700, exist_ok=True)
                for day in past:
                    self._copy(db, day)

    def _copy(self, db: DuckDBPyConnection, day: str) -> None:
        path = self._paths[day]
        fresh = path.with_name(f"{day}.{uuid.uuid4()}{UNFINISHED}")
        try:
            _make_private(fresh)
            hours = f"{day.replace('-', '/')}/%"
            rows = f"""SELECT * FROM "{TABLE}" WHERE "{PARTITION}" LIKE '{hours}'"""  # noqa: S608
            db.execute(f"COPY ({rows}) TO {quoted(fresh)} (FORMAT PARQUET, COMPRESSION ZSTD)")
            with fresh.open("rb") as file:
                os.fsync(file.fileno())
            fresh.rename(path)
            # A post may have been erased from the files meanwhile: forget() deletes the copies after that.
            if self._path(day, _files_of(self._lake, day)) != path:
                path.unlink(missing_ok=True)
        finally:
            fresh.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Delete what is a copy of files that are not there any more, or not as they were."""
        for path in self._folder.glob("*"):
            being_made = path.name.endswith(UNFINISHED) and time.time() - path.stat().st_mtime < LEFT_BEHIND
            if path not in self._paths.values() and not being_made:
                path.unlink(missing_ok=True)

    def _path(self, day: str, files: Iterable[Path]) -> Path:
        """Return the path of a day's copy. Its name says of which files it is, and with which columns."""
        what = hashlib.sha256(repr(table_columns()).encode())
        for path in sorted(files):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                what.update(f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
        return self._folder / f"{day}.{what.hexdigest()[:32]}.parquet"


def forget_copy(lake: Path, changed: Path) -> None:
    """Delete the copies of the day of a file that was changed or deleted."""
    for path in (lake / FOLDER).glob(f"{_day(lake, changed)}.*"):
        path.unlink(missing_ok=True)


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")


def _make_private(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _day(lake: Path, path: Path) -> str:
    return "-".join(path.relative_to(lake).parts[:3])


def _files_of(lake: Path, day: str) -> list[Path]:
    from twbot.local.lake.parts import FILES

    return list(lake.glob(f"{day.replace('-', '/')}/*/{FILES}"))
