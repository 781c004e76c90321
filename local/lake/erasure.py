"""Forgetting a post on this machine: in the bus's archive, the lake, pictures, alerts, dead letters and the log."""

from __future__ import annotations

import contextlib
import logging
import re
import sqlite3
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import NamedTuple

import msgspec

from twbot.lambdas.analytics.erasure import ErasureReport, ErasureResult, is_about, reply_id
from twbot.lambdas.analytics.results import OnProgress, no_progress
from twbot.lambdas.contracts import decode_event
from twbot.lambdas.wiring import RULES
from twbot.local.bus.bus import Bus
from twbot.local.bus.store import DEAD, WAITING, open_read_only, told
from twbot.local.data_folder import DataFolder, running_bot
from twbot.local.lake.lake import Lake
from twbot.local.server.control import ControlClient, Erase
from twbot.local.server.log_files import OURS, log_files

# What is under way with a post may still write about it: it gets so long to end, and then another look is taken.
TIMEOUT = 5.0
MAX_CHECKS = 3
_OF_THE_BUS = "SELECT seq, body FROM events WHERE tweet = ?1 OR instr(body, CAST(?1 AS BLOB))"


class _Archived(NamedTuple):
    """What the bus keeps of a post: its events' numbers, how many deliveries are dead or wait, the bot's replies."""

    events: list[int]
    dead: int
    waiting: int
    replies: frozenset[str]


class Erasure:
    """Works in the process that holds the bus. `live`: handlers are at work."""

    def __init__(self, home: DataFolder, bus: Bus, lake: Lake, *, live: bool) -> None:
        self._home, self._bus, self._lake, self._live = home, bus, lake, live

    def forget(self, wanted: Erase) -> ErasureReport:
        """Remove everything, and what tells of the bot's replies; with `dry_run`, count it."""
        first = self._forget(wanted)
        if not first.replies:
            return first
        both = self._forget(wanted, *first.replies)
        return msgspec.structs.replace(first, removed=both.removed) if wanted.dry_run else first.merged_with(both)

    def _forget(self, wanted: Erase, *replies: str) -> ErasureReport:
        removed: dict[str, int] = {}
        ids = (wanted.tweet_id, *replies)
        archived = self._archive(ids, wanted.dry_run, removed)
        lake = self._lake.forget(*ids, dry_run=wanted.dry_run)
        found = archived | lake.replies
        removed |= {
            "lake": lake.events,
            "pictures": self._pictures(wanted, found),
            "alerts": self._alerts(wanted),
            "log": self._log(wanted),
        }
        return ErasureReport(
            tweet_id=wanted.tweet_id, removed=removed, replies=sorted(found), remains=_remains(wanted, lake, removed)
        )

    def _archive(self, ids: tuple[str, ...], dry_run: bool, removed: dict[str, int]) -> frozenset[str]:
        replies: frozenset[str] = frozenset()
        removed |= {"archive": 0, "dead letters": 0}
        for _ in range(MAX_CHECKS):
            found = self._find(ids)
            replies |= found.replies
            removed["archive"] += len(found.events)
            removed["dead letters"] += found.dead
            if dry_run or not found.events:
                break
            self._bus.forget(found.events)
            if self._live and found.waiting:
                self._bus.drain(TIMEOUT)
        if removed["archive"] and not dry_run:
            _empty_journal(self._home.bus)
        return replies

    def _find(self, ids: tuple[str, ...]) -> _Archived:
        events, replies, counts = [], set[str](), {DEAD: 0, WAITING: 0}
        with contextlib.closing(open_read_only(self._home.bus)) as db, told(self._home.bus):
            for number, body in (row for each in ids for row in db.execute(_OF_THE_BUS, (each,))):
                detail = decode_event(body).detail
                if number not in events and is_about(detail, *ids):
                    events.append(number)
                    replies |= {reply_id(detail, *ids) or ""} - {""}
            for number in events:
                for (state,) in db.execute("SELECT state FROM deliveries WHERE event = ? AND state <> 1", (number,)):
                    counts[state] += 1
        return _Archived(events, counts[DEAD], counts[WAITING], frozenset(replies))

    def _pictures(self, wanted: Erase, replies: frozenset[str]) -> int:
        """The post's, the bot's annotated ones, and those that `twbot send` kept of the reply."""
        media, sent = self._home.media, self._home.folder / "replies"
        folders = (media / wanted.tweet_id, media / "replies" / wanted.tweet_id)
        files = [path for folder in folders for path in folder.glob("*") if path.is_file()]
        files += [path for reply in replies for path in sent.glob(f"{reply}-*") if path.is_file()]
        if not wanted.dry_run:
            for path in files:
                path.unlink(missing_ok=True)
            for folder in folders:
                with contextlib.suppress(OSError):
                    folder.rmdir()
        return len(files)

    def _alerts(self, wanted: Erase) -> int:
        path = self._home.alerts
        if not path.exists():
            return 0
        with told(path), contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as db:
            count = db.execute("SELECT count(*) FROM alerts WHERE tweet_id = ?", (wanted.tweet_id,)).fetchone()[0]
            if count and not wanted.dry_run:
                db.execute("PRAGMA secure_delete = ON").fetchall()
                db.execute("DELETE FROM alerts WHERE tweet_id = ?", (wanted.tweet_id,))
        if count and not wanted.dry_run:
            _empty_journal(path)
        return int(count)

    def _log(self, wanted: Erase) -> int:
        """Lines that name the post."""
        names = re.compile(rb"(?<![0-9])" + wanted.tweet_id.encode() + rb"(?![0-9])")
        gone = 0
        with _quiet(self._home.log):
            for path in log_files(self._home.log):
                lines = path.read_bytes().splitlines(keepends=True)
                kept = [line for line in lines if not names.search(line)]
                gone += len(lines) - len(kept)
                if len(kept) < len(lines) and not wanted.dry_run:
                    path.with_suffix(".new").write_bytes(b"".join(kept))
                    path.with_suffix(".new").chmod(0o600)
                    path.with_suffix(".new").replace(path)
        return gone


class LocalErasure:
    """From another process: asks the running bot, or takes the bus for a moment where none runs."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._home = folder, DataFolder(folder)

    def forget(self, tweet_id: str, *, dry_run: bool, on_progress: OnProgress = no_progress) -> ErasureReport:
        on_progress("reading archive and lake")
        wanted = Erase(tweet_id, dry_run)
        if (run := running_bot(self._folder)) is not None:
            return ControlClient(run).forget(wanted)
        with Bus(self._home.bus, RULES) as bus:
            return Erasure(self._home, bus, Lake(self._home.lake), live=False).forget(wanted)


def _remains(wanted: Erase, lake: ErasureResult, removed: dict[str, int]) -> list[str]:
    found = [f"A damaged file of the lake could not be read: {path}" for path in lake.unreadable]
    if removed["alerts"]:
        found.append("Alerts that were sent are with whoever got them.")
    found.append(f"The number {wanted.tweet_id} alone stays noted, so that nobody is answered twice.")
    return found


def _empty_journal(path: Path) -> None:
    """SQLite's journal holds what was deleted until it is written over."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path, timeout=2)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@contextlib.contextmanager
def _quiet(path: Path) -> Iterator[None]:
    """The log's files are nobody else's meanwhile; whoever writes them goes on with the new ones."""
    handlers = {
        handler
        for name in OURS
        for handler in logging.getLogger(name).handlers
        if isinstance(handler, RotatingFileHandler) and Path(handler.baseFilename) == path.absolute()
    }
    for handler in handlers:
        handler.acquire()
    try:
        yield
    finally:
        for handler in handlers:
            if handler.stream is not None:
                handler.stream.close()
            handler.stream = handler._open()
            handler.release()
