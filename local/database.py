"""Opens every SQLite file of the data folder: private, migrated, and with errors that name the file and what to do.

What a connection raises is a StorageError, never sqlite3.Error: docs/decisions/0012-a-data-folder-that-lasts.md.

StorageError     the file can't be read or written: the disk is full, read-only or broken
├── DamagedFile  its content is not what SQLite or twbot wrote
├── NewerFile    a newer twbot wrote it
└── Moved        the path leads to another file than the one that is open, or to none
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from twbot.lambdas.errors import ErrorKind, Temporary, TwbotError

MAX_INTEGER = 2**63 - 1  # https://www.sqlite.org/datatype3.html
JOURNALS = ("-wal", "-shm")  # the files that SQLite keeps beside one in WAL mode
OLDER = ".before-v"  # and the version that a file was migrated to: the end of a copy's name
TRY_AGAIN = 5.0  # seconds until something is tried again that found its file gone
# Seconds to which file systems round times at the most (FAT: two). Two changes of a folder within them look like one.
COARSEST_TIME = 3.0
INCREMENTAL = 2  # the value of https://www.sqlite.org/pragma.html#pragma_auto_vacuum

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class StorageError(Temporary):
    """A file of the data folder can't be read or written: the disk is full, read-only or broken."""

    def __init__(self, message: str, hint: str | None = None, *, retry_at: float | None = None) -> None:
        super().__init__(message, retry_at=retry_at)
        self.hint = hint


class DamagedFile(StorageError):
    """The file's content is not what SQLite or twbot wrote."""


class NewerFile(StorageError):
    """A newer twbot wrote the file."""


class Moved(StorageError):
    """The path leads to another file than the one that is open, or to none."""


class Schema(NamedTuple):
    """The tables of a file, and how they came to be."""

    migrations: tuple[str, ...]
    """SQL that leads from each version to the next. The first makes version 1, whose tables a file of commit b2bfe1f
    has with `user_version` 0. Statements end with `;`, which occurs nowhere else."""
    without: str
    """What a bot that starts without the file does not know: the end of a sentence."""

    @property
    def version(self) -> int:
        """The version that this twbot reads and writes: the file's `user_version`."""
        return len(self.migrations)


# For what reads files whatever they hold. No twbot writes so high a version.
ANY = Schema(("",) * 9_999, "what it holds is not known then.")


class Place:
    """Paths, and the files or folders that they led to when they were added here.

    Whatever comes into a folder, leaves it or gets another name changes the folder's time of modification. While that
    is the same, one look at the folder tells of all that is in it.
    """

    def __init__(self, *paths: Path) -> None:
        self._identities: dict[str, dict[str, _Identity]] = {}
        self._unchanged: dict[str, os.stat_result] = {}  # by folder: as it was at a look at all of its paths
        for path in paths:
            self.add(path)

    def add(self, path: Path) -> None:
        self._identities.setdefault(str(path.parent), {})[str(path)] = _identity(str(path))

    def and_these(self, *others: Place) -> Place:
        """Return the paths of all of these, which takes one look where they are in one folder."""
        both = Place()
        for place in (self, *others):
            for folder, identities in place._identities.items():
                both._identities.setdefault(folder, {}).update(identities)
        return both

    def check(self) -> None:
        """Raise Moved where a path leads to something else by now, or to nothing."""
        for folder in self._identities:
            found = _status(folder)
            if found is None or not _same(found, self._unchanged.get(folder)):
                self._look_into(folder, found)

    def _look_into(self, folder: str, found: os.stat_result | None) -> None:
        for path, identity in self._identities[folder].items():
            if _identity(path) != identity:
                raise Moved(
                    f"{path} is gone or another one: it was deleted, renamed or replaced under the running bot.",
                    "Stop the bot, put the data folder back or restore a backup, and start it again: twbot up{option}",
                    # A wait, not a failure of the event at hand: put back, the folder takes it.
                    retry_at=time.time() + TRY_AGAIN,
                )
        if found is not None and found.st_mtime < time.time() - COARSEST_TIME:
            self._unchanged[folder] = found


_Identity = tuple[int, int] | None


def _identity(path: str) -> _Identity:
    found = _status(path)
    return None if found is None else (found.st_dev, found.st_ino)


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - a third of Path.stat()'s time, several times for each event
    except OSError:
        return None


def _same(found: os.stat_result, before: os.stat_result | None) -> bool:
    """Return whether this is the same folder, with the same entries."""
    return (
        before is not None
        and found.st_mtime_ns == before.st_mtime_ns
        and found.st_ino == before.st_ino
        and found.st_dev == before.st_dev
    )


def _translated(
    method: Callable[Concatenate[Cursor, Parameters], Result],
) -> Callable[Concatenate[Cursor, Parameters], Result]:
    """Let a method of Cursor raise TwbotErrors."""

    @functools.wraps(method)
    def call(self: Cursor, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        database = self.connection
        try:
            return method(self, *args, **kwargs)
        except sqlite3.Error as error:
            raise storage_error(error, database.path, database.schema) from error
        except OverflowError:
            raise _too_large(args) from None

    return call


class Cursor(sqlite3.Cursor):
    """A cursor that raises StorageError, and Moved before a statement where the file is not at its path any more."""

    connection: Database

    @_translated
    def execute(self, sql: str, parameters: Any = (), /) -> Cursor:
        self.connection.check()
        return super().execute(sql, parameters)

    @_translated
    def executemany(self, sql: str, parameters: Any, /) -> Cursor:
        self.connection.check()
        return super().executemany(sql, parameters)

    @_translated
    def fetchone(self) -> Any:
        return super().fetchone()

    @_translated
    def fetchmany(self, size: int | None = 1) -> list[Any]:
        return super().fetchmany(size)

    @_translated
    def fetchall(self) -> list[Any]:
        return super().fetchall()

    @_translated
    def __next__(self) -> Any:
        return super().__next__()


class Database(sqlite3.Connection):
    """An open file. Its statements raise StorageError; a number that SQLite can't hold is a TwbotError for the user."""

    path: Path
    schema: Schema
    place: Place

    def cursor(self, factory: Any = Cursor) -> Any:
        return super().cursor(factory)

    # Connection's own make a plain cursor.
    def execute(self, sql: str, parameters: Any = (), /) -> Cursor:
        cursor: Cursor = self.cursor()
        return cursor.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> Cursor:
        cursor: Cursor = self.cursor()
        return cursor.executemany(sql, parameters)

    def version(self) -> int:
        """Return the file's version: 0 for one of a twbot that gave it none."""
        return int(self.execute("PRAGMA user_version").fetchone()[0])

    def is_empty(self) -> bool:
        """Return whether the file has no table yet."""
        return self.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None

    def check(self) -> None:
        """Raise Moved where the file is not at its path any more; within a transaction, its end tells."""
        if not self.in_transaction:
            self.place.check()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything within or nothing."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.place.check()
            self.execute("COMMIT")
        except BaseException:
            if self.in_transaction:
                with contextlib.suppress(sqlite3.Error):  # on a full disk SQLite has rolled back already
                    self.rollback()
            raise

    def shrink(self, pages: int = 10_000) -> None:
        """Give at most so many free pages back to the disk."""
        (free,) = self.execute("PRAGMA freelist_count").fetchone()
        # Each execution frees one page: Python steps a statement without columns once.
        # https://www.sqlite.org/pragma.html#pragma_incremental_vacuum
        for _ in range(min(free, pages)):
            self.execute("PRAGMA incremental_vacuum")

    def copy_to(self, path: Path) -> None:
        """Write a copy of the file as it is now, readable by its owner only. Raises StorageError."""
        with translate_os_errors(path):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            try:
                with contextlib.closing(sqlite3.connect(path)) as copy:
                    self.backup(copy)
            except sqlite3.Error as error:
                raise storage_error(error, self.path, self.schema) from error


def open_database(path: Path, schema: Schema, *, synchronous: str = "NORMAL") -> Database:
    """Open a file for writing, make it where it is missing, and bring its tables up to date. Threads may share it.

    `synchronous`: what a power cut may cost, https://www.sqlite.org/pragma.html#pragma_synchronous.
    Raises StorageError.
    """
    with translate_os_errors(path):
        _make_private(path)
    database = _connect(str(path), path, schema)
    try:
        # For a file without tables only; _make_shrinkable() changes others.
        database.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")
        # WAL: readers such as `twbot tail` don't block the writer. https://www.sqlite.org/wal.html
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"PRAGMA synchronous = {synchronous}")
        _migrate(database)
        # Commits are in the journal until they are copied to the file: without it, they are lost.
        database.place.add(path.with_name(f"{path.name}-wal"))
    except BaseException:
        database.close()
        raise
    return database


def open_snapshot(path: Path) -> Database:
    """Open a file of any version for reading, as it is now: later changes are not seen. Raises StorageError."""
    database = open_read_only(path, ANY)
    try:
        database.execute("BEGIN")
        database.is_empty()  # the first read fixes the moment: https://www.sqlite.org/isolation.html
    except BaseException:
        database.close()
        raise
    return database


def check_readable(path: Path) -> None:
    """Read a whole file, which others may have open. Raises DamagedFile."""
    with contextlib.closing(open_snapshot(path)) as database:
        (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise storage_error(_damage(found), path, ANY)


def check_integrity(path: Path, *, of: Path, schema: Schema | None = None, thorough: bool = False) -> None:
    """Read a whole copy, which nobody has open, of a file. Raises DamagedFile and NewerFile, which name that file."""
    # https://www.sqlite.org/pragma.html#pragma_quick_check
    address = f"{path.absolute().as_uri()}?immutable=1"
    try:
        with contextlib.closing(_connect(address, path, schema or ANY)) as database:
            (found,) = database.execute(f"PRAGMA {'integrity_check' if thorough else 'quick_check'}(1)").fetchone()
        if found != "ok":
            raise storage_error(_damage(found), of, ANY)
    except (DamagedFile, NewerFile) as error:
        raise type(error)(str(error).replace(str(path), str(of)), error.hint) from None


def open_read_only(path: Path, schema: Schema) -> Database:
    """Open an existing file for reading, also while another process writes it. Raises StorageError."""
    address = path.absolute().as_uri()
    try:
        return _connect(f"{address}?mode=ro", path, schema)
    except _Unwritable:
        # A reader in WAL mode writes beside the file, which a read-only folder forbids. Without a journal nobody writes
        # the file, and all that is in it is in the file itself: https://www.sqlite.org/uri.html#uriimmutable
        if not size_of(path.with_name(f"{path.name}-wal")):
            return _connect(f"{address}?immutable=1", path, schema)
        raise StorageError(
            f"{path} can't be read in a folder that can't be written to: its last changes are in {path.name}-wal.",
            "Copy the whole folder to where you may write, and name the copy: --data COPY",
        ) from None


@contextlib.contextmanager
def translate_os_errors(path: Path) -> Iterator[None]:
    """Turn the system's errors within into StorageErrors with the file's name."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise StorageError(f"{path} is a symbolic link, which twbot does not follow.") from error
        raise StorageError(f"{path}: {error.strerror}.", _hint_of(error)) from error


def storage_error(error: sqlite3.Error, path: Path, schema: Schema) -> StorageError:
    """Return the StorageError for an error of SQLite: which file it is about, and what to do."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF  # the low byte is the primary code
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or str(error).startswith(
        ("no such table", "no such col")
    ):
        return DamagedFile(
            f"{path} is damaged ({error}).",
            f"Restore a backup: twbot restore FILE --force{{option}}; or move {path.name}, {path.name}-wal and "
            f"{path.name}-shm out of the folder and start without them: {schema.without}",
        )
    if code == sqlite3.SQLITE_FULL:
        return StorageError(f"{path}: {error}.", "Make room on its disk: twbot doctor{option}")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return _Unwritable(f"{path}: {error}.", f"Check who may read and write it: ls -l {path.parent}")
    return StorageError(f"{path}: {error}.")


class _Unwritable(StorageError):
    """The file can't be opened, or not be written."""


def _connect(address: str, path: Path, schema: Schema) -> Database:
    try:
        database = sqlite3.connect(
            address,
            uri=address.startswith("file:"),
            isolation_level=None,
            check_same_thread=False,
            timeout=10,
            factory=Database,
        )
    except sqlite3.Error as error:
        raise storage_error(error, path, schema) from error
    database.path, database.schema, database.place = path, schema, Place(path)
    try:
        _check_version(database)
    except BaseException:
        database.close()
        raise
    return database


def _make_private(path: Path) -> None:
    """Make the file, or an existing one, readable and writable by its owner only, whatever the umask."""
    try:
        # Before SQLite makes it, which would let others read it. The journals get the file's mode.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        # Never open and close a file that SQLite has open: its locks would be gone.
        # https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
        if stat.S_ISREG(mode) and mode & 0o077:
            for each in (path, *(path.with_name(path.name + journal) for journal in JOURNALS)):
                with contextlib.suppress(FileNotFoundError):
                    each.chmod(0o600)


def _check_version(database: Database) -> None:
    version, newest = database.version(), database.schema.version
    if version > newest:
        raise NewerFile(
            f"{database.path} was written by a newer twbot (version {version} of the file; this one knows {newest}).",
            f"Use the newer twbot; or go back to the copy that it kept: {database.path.name}{OLDER}{newest + 1}",
        )


def _migrate(database: Database) -> None:
    """Bring the file's tables to the version that this twbot knows, all steps or none. Keep a copy of an older file."""
    newest = database.schema.version
    if (version := database.version()) == newest:
        return
    was_used = not database.is_empty()
    if was_used and max(version, 1) < newest:  # from 0 to 1 only the number changes
        _keep_copy(database, newest)
    with database.transaction():
        for script in database.schema.migrations[database.version() :]:  # another process may have been faster
            for statement in script.split(";"):
                database.execute(statement)
        database.execute(f"PRAGMA user_version = {newest}")
    if was_used:
        _make_shrinkable(database)


def _keep_copy(database: Database, newest: int) -> None:
    """Copy the file to NAME.before-vN beside it."""
    path = database.path
    copy = path.with_name(f"{path.name}{OLDER}{newest}")
    fresh = copy.with_name(f"{copy.name}.new")
    with translate_os_errors(copy):
        fresh.unlink(missing_ok=True)
        database.copy_to(fresh)
        fresh.replace(copy)


def _make_shrinkable(database: Database) -> None:
    """Rewrite an older file once, so that it can give pages back to the disk, where the disk has room for that."""
    # https://www.sqlite.org/lang_vacuum.html: up to twice the file's size is needed meanwhile
    if database.execute("PRAGMA auto_vacuum").fetchone()[0] == INCREMENTAL:
        return
    if shutil.disk_usage(database.path.parent).free < 3 * size_of(database.path):
        return
    with contextlib.suppress(StorageError):  # not needed to go on
        database.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")
        database.execute("VACUUM")


def _damage(problem: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(" ".join(problem.split()))
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def size_of(path: Path) -> int:
    """Return the file's size in bytes, 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _hint_of(error: OSError) -> str | None:
    return "Make room on its disk: twbot doctor{option}" if error.errno == errno.ENOSPC else None


def _too_large(args: tuple[object, ...]) -> TwbotError:
    numbers = [each for each in _flat(args) if isinstance(each, int) and abs(each) > MAX_INTEGER]
    named = numbers[0] if numbers else "A number"
    return TwbotError(f"{named} is too large: numbers go up to {MAX_INTEGER}.", kind=ErrorKind.USAGE)


def _flat(values: object) -> Iterator[object]:
    if isinstance(values, tuple | list):
        for each in values:
            yield from _flat(each)
    elif isinstance(values, dict):
        yield from _flat(tuple(values.values()))
    else:
        yield values
