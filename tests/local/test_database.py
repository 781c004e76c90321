"""Every SQLite file of ours: private, migrated with a copy kept, and named with what to do where it can't be used."""

from __future__ import annotations

import ast
import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import twbot
from tests.support.paths import ROOT
from twbot.lambdas.egress.permission import Switch
from twbot.lambdas.errors import ErrorKind, TwbotError
from twbot.local import database
from twbot.local.adapters.alerts import open_alerts, stored_alerts
from twbot.local.adapters.idempotency import SqlitePersistence
from twbot.local.adapters.replies import LocalReplies
from twbot.local.bus.history import History
from twbot.local.bus.replays import ReplayStore
from twbot.local.bus.store import Store
from twbot.local.database import DamagedFile, Moved, NewerFile, Schema, StorageError, open_database, open_read_only
from twbot.local.simulator.store import Store as SimulatorStore

FIRST = Schema(("CREATE TABLE IF NOT EXISTS a (x INTEGER)",), "nothing is known.")
SECOND = Schema((*FIRST.migrations, "ALTER TABLE a ADD COLUMN y TEXT; INSERT INTO a VALUES (2, 'two')"), "nothing.")
# Each opens one of our files and reads from it, as the bot or a command does.
OPENERS: dict[str, Callable[[Path], object]] = {
    "the bus": lambda path: Store(path).open_deliveries(),
    "the bus, read by a command": lambda path: History(path).dead_by_rule(),
    "what was done": SqlitePersistence,
    "permission to reply": lambda path: LocalReplies(path).switch(),
    "alerts": lambda path: open_alerts(path).execute("SELECT * FROM alerts").fetchall(),
    "alerts, read by a command": stored_alerts,
    "replays": lambda path: ReplayStore(path).newest(),
    "replays, read by a command": lambda path: ReplayStore(path, read_only=True).newest(),
    "the simulated X": lambda path: SimulatorStore(path).rows("SELECT * FROM posts"),
}


def sound(path: Path) -> None:
    """Make a sound file of any of ours: its tables, with rows enough for some pages."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE a (x TEXT)")
        db.executemany("INSERT INTO a VALUES (?)", [("x" * 500,)] * 200)
        db.commit()


def overwritten(content: bytes) -> bytes:
    return b"this is no database" * (len(content) // 19)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2 - 100]


def without_its_schema(content: bytes) -> bytes:
    return content[:100] + b"\xff" * 4000 + content[4100:]


@pytest.mark.parametrize("damage", [overwritten, cut, without_its_schema])
@pytest.mark.parametrize("opener", OPENERS)
def test_a_damaged_file_is_named_with_what_to_do(opener: str, damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """Whoever opens it: which file, how to go back to a backup, and what is lost by starting without it."""
    path = tmp_path / "some.db"
    sound(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StorageError, match=r"some\.db is damaged") as caught:
        OPENERS[opener](path)
    assert isinstance(caught.value, DamagedFile)
    hint = str(caught.value.hint)
    assert "twbot restore" in hint
    assert "some.db-wal" in hint
    assert hint.endswith(".")


def test_damage_that_shows_later_is_named_too(tmp_path: Path) -> None:
    """A page in the middle, which is read when its rows are."""
    with contextlib.closing(open_database(tmp_path / "a.db", FIRST)) as db:
        db.executemany("INSERT INTO a VALUES (?)", [(n,) for n in range(20_000)])
    content = bytearray((tmp_path / "a.db").read_bytes())
    content[40_000:60_000] = b"\xff" * 20_000
    (tmp_path / "a.db").write_bytes(content)
    with contextlib.closing(open_database(tmp_path / "a.db", FIRST)) as db:
        with pytest.raises(DamagedFile, match=r"a\.db"):
            db.execute("SELECT sum(x) FROM a").fetchall()
        with pytest.raises(DamagedFile, match=r"a\.db"):
            list(db.execute("SELECT x FROM a"))


def test_nothing_opens_a_file_by_itself() -> None:
    """`sqlite3.connect` is called in one module: what goes through it is private, migrated and named in errors."""
    callers = {
        path.relative_to(ROOT).as_posix()
        for folder in ("cli", "lambdas", "local", "stacks")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sqlite3.connect", "sqlite3.dbapi2")
    }
    assert callers == {"local/database.py"}
    assert twbot.__file__


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_files_are_their_owners(tmp_path: Path) -> None:
    """Whatever the umask, the journals and the copy before a migration included; an older file becomes so."""
    with contextlib.closing(sqlite3.connect(tmp_path / "old.db")) as old:
        old.executescript("CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1)")
    (tmp_path / "old.db").chmod(0o644)
    for name in ("old.db", "new.db"):
        with contextlib.closing(open_database(tmp_path / name, SECOND)) as db:
            db.execute("INSERT INTO a (x) VALUES (3)")
            modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}
            assert set(modes.values()) == {0o600}
            assert f"{name}-wal" in modes
    assert (tmp_path / "old.db.before-v2").exists()
    assert not (tmp_path / "new.db.before-v2").exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Whoever may write into the folder for a moment must not have the bot write elsewhere."""
    (tmp_path / "a.db").symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(StorageError, match=r"a\.db is a symbolic link"):
        open_database(tmp_path / "a.db", FIRST)
    assert not (tmp_path / "elsewhere.db").exists()


@pytest.mark.parametrize("stamped", [True, False], ids=["with its version", "of the first twbot, without"])
def test_an_older_file_is_migrated_and_a_copy_is_kept(tmp_path: Path, stamped: bool) -> None:
    """All rows are there, in the new tables; the copy is the file as it was, and an older twbot opens it."""
    path = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(path)) as old:
        old.executescript(f"{FIRST.migrations[0]}; INSERT INTO a VALUES (1); PRAGMA user_version = {int(stamped)}")
    for _ in range(2):  # the second time there is nothing to do
        with contextlib.closing(open_database(path, SECOND)) as db:
            assert db.version() == 2
            assert db.execute("SELECT * FROM a").fetchall() == [(1, None), (2, "two")]
    with contextlib.closing(open_database(tmp_path / "a.db.before-v2", FIRST)) as copy:
        assert copy.execute("SELECT * FROM a").fetchall() == [(1,)]


@pytest.mark.parametrize("at", ["y TEXT", "INSERT INTO a", "PRAGMA user_version = ", "COMMIT"])
def test_an_interrupted_migration_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Whatever step it dies at; the next start does all of it."""
    path = tmp_path / "a.db"
    with contextlib.closing(open_database(path, FIRST)) as db:
        db.execute("INSERT INTO a VALUES (1)")
    execute = database.Cursor.execute

    def fail(self: database.Cursor, sql: str, parameters: object = (), /) -> database.Cursor:
        if at in sql:
            raise KeyboardInterrupt
        return execute(self, sql, parameters)

    with monkeypatch.context() as patch:
        patch.setattr(database.Cursor, "execute", fail)
        with pytest.raises(KeyboardInterrupt):
            open_database(path, SECOND)
    with contextlib.closing(open_database(path, FIRST)) as db:
        assert db.execute("SELECT * FROM a").fetchall() == [(1,)]
    with contextlib.closing(open_database(path, SECOND)) as db:
        assert db.execute("SELECT * FROM a").fetchall() == [(1, None), (2, "two")]


@pytest.mark.parametrize("reading", [True, False])
def test_a_newer_file_is_refused_in_words(tmp_path: Path, reading: bool) -> None:
    """Its name, its version, what to do; and nothing in it is changed."""
    path = tmp_path / "a.db"
    open_database(path, SECOND).close()
    before = path.read_bytes()
    with pytest.raises(NewerFile, match=r"a\.db was written by a newer twbot \(version 2") as caught:
        (open_read_only if reading else open_database)(path, FIRST)
    assert "a.db.before-v2" in str(caught.value.hint)
    assert path.read_bytes() == before


@pytest.mark.parametrize("age", [0.0, 60.0])
@pytest.mark.parametrize("how", ["deleted", "renamed", "replaced", "folder renamed", "folder replaced"])
def test_a_file_that_is_gone_takes_nothing(tmp_path: Path, how: str, age: float) -> None:
    """A statement on a file that nobody will find again is an error, not a success; put back, it goes on.

    Whether the folder was the same for a minute or not: an old one is looked at less closely.
    """
    folder = tmp_path / "data"
    folder.mkdir()
    with contextlib.closing(open_database(folder / "a.db", FIRST)) as db:
        os.utime(folder, (time.time() - age,) * 2)
        db.execute("SELECT 1")
        if how == "deleted":
            (folder / "a.db").unlink()
        elif how == "folder renamed":
            folder.rename(tmp_path / "elsewhere")
        elif how == "folder replaced":
            folder.rename(tmp_path / "elsewhere")
            folder.mkdir()
            open_database(folder / "a.db", FIRST).close()
        else:
            (folder / "a.db").rename(folder / "b.db")
            if how == "replaced":
                open_database(folder / "a.db", FIRST).close()
        with pytest.raises(Moved, match=r"a\.db is gone or another one") as caught:
            db.execute("INSERT INTO a VALUES (1)")
        assert "twbot up" in str(caught.value.hint)
        with pytest.raises(Moved), db.transaction():
            pass
        if how == "folder renamed":
            (tmp_path / "elsewhere").rename(folder)
            db.execute("INSERT INTO a VALUES (1)")


def test_a_file_that_goes_during_a_transaction_takes_nothing(tmp_path: Path) -> None:
    """Nobody is told that it was written: the end of the transaction looks, not each of its statements."""

    def write() -> None:
        with db.transaction():
            db.execute("INSERT INTO a VALUES (1)")
            (tmp_path / "a.db").rename(tmp_path / "b.db")
            db.execute("INSERT INTO a VALUES (2)")

    with contextlib.closing(open_database(tmp_path / "a.db", FIRST)) as db:
        with pytest.raises(Moved):
            write()
        (tmp_path / "b.db").rename(tmp_path / "a.db")
        assert db.execute("SELECT count(*) FROM a").fetchone() == (0,)


@pytest.mark.parametrize("number", [2**63, -(2**64), 10**30])
def test_a_number_that_no_row_can_have_is_the_users_mistake(tmp_path: Path, number: int) -> None:
    """It is named; the file is not blamed."""
    with contextlib.closing(open_database(tmp_path / "a.db", FIRST)) as db:
        calls: list[Callable[[], object]] = [
            lambda: db.execute("SELECT * FROM a WHERE x = ?", (number,)),
            lambda: db.executemany("DELETE FROM a WHERE x = ?", [(number,)]),
        ]
        for call in calls:
            with pytest.raises(TwbotError, match=f"{number} is too large") as caught:
                call()
            assert caught.value.kind is ErrorKind.USAGE
            assert "a.db" not in str(caught.value)


class ReadOnlyFolder:
    """A folder that can't be written to, as SQLite sees it: root may write anywhere, so a mode can't show it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._connect = database._connect
        monkeypatch.setattr(database, "_connect", self.connect)

    def connect(self, address: str, path: Path, schema: Schema) -> database.Database:
        if "immutable" not in address:
            raise database.storage_error(self.cant_open(path), path, schema)
        return self._connect(address, path, schema)

    @staticmethod
    def cant_open(path: Path) -> sqlite3.Error:
        with pytest.raises(sqlite3.OperationalError) as caught:
            sqlite3.connect(f"{(path.parent / 'absent' / 'a.db').as_uri()}?mode=ro", uri=True)
        return caught.value


def test_a_read_only_folder_can_be_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup on a read-only disk; what its journal has is not passed over in silence."""
    with contextlib.closing(open_database(tmp_path / "a.db", FIRST)) as db:
        db.execute("INSERT INTO a VALUES (1)")
    ReadOnlyFolder(monkeypatch)
    with contextlib.closing(open_read_only(tmp_path / "a.db", FIRST)) as db:
        assert db.execute("SELECT x FROM a").fetchall() == [(1,)]
    (tmp_path / "a.db-wal").write_bytes(b"changes")
    with pytest.raises(StorageError, match=r"last changes are in a\.db-wal") as caught:
        open_read_only(tmp_path / "a.db", FIRST)
    assert "--data COPY" in str(caught.value.hint)


def test_a_new_file_gives_pages_back(tmp_path: Path) -> None:
    """And an older one does so from its migration on: else the archive's file never shrinks."""
    with contextlib.closing(sqlite3.connect(tmp_path / "old.db")) as old:
        old.executescript("CREATE TABLE a (x INTEGER)")
    for name in ("old.db", "new.db"):
        with contextlib.closing(open_database(tmp_path / name, SECOND)) as db:
            assert db.execute("PRAGMA auto_vacuum").fetchone() == (database.INCREMENTAL,)


def test_permission_to_reply_is_the_default_without_a_file(tmp_path: Path) -> None:
    """Reading makes no file."""
    assert LocalReplies(tmp_path / "replies.db").switch() == Switch()
    assert not list(tmp_path.iterdir())
