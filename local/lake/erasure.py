"""Erases a post from this machine: from the bus's archive, lake, pictures, alerts, dead letters and log."""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import NamedTuple

import msgspec

from twbot.lambdas.analytics.erasure import ErasureReport, ErasureResult, is_about, reply_id
from twbot.lambdas.analytics.results import OnProgress, no_progress
from twbot.lambdas.completion import keys_of
from twbot.lambdas.contracts import decode_event
from twbot.lambdas.wiring import rules
from twbot.local.adapters.alerts import open_alerts
from twbot.local.backup.manifest import ASIDE
from twbot.local.bus.bus import Bus
from twbot.local.bus.history import open_archive
from twbot.local.bus.store import DEAD, SCHEMA, WAITING
from twbot.local.data_folder import DataFolder, running_bot
from twbot.local.database import OLDER, Database, StorageError, open_database
from twbot.local.lake.lake import Lake
from twbot.local.server.control import ControlClient, Erase
from twbot.local.server.log_files import log_files
from twbot.local.server.log_writer import OURS

# Deliveries under way may still publish events about the post. Wait so many seconds for them, then look again.
TIMEOUT = 5.0
MAX_CHECKS = 3
# A fast first choice: any event whose JSON has the number somewhere. is_about() decides.
_CANDIDATES = "SELECT seq, body FROM events WHERE tweet = ?1 OR instr(body, CAST(?1 AS BLOB))"


class _Archived(NamedTuple):
    """A post's events on the bus."""

    events: list[int]
    """Their sequence numbers."""
    dead: int
    """The number of their dead letters."""
    waiting: int
    """The number of their waiting deliveries."""
    replies: frozenset[str]
    """The ids of the bot's replies to the post."""


class Erasure:
    """Erases posts, in the process that has the bus. `live`: its handlers are running."""

    def __init__(self, home: DataFolder, bus: Bus, lake: Lake, *, live: bool) -> None:
        self._home, self._bus, self._lake, self._live = home, bus, lake, live

    def forget(self, request: Erase) -> ErasureReport:
        """Remove everything about the post and about the bot's replies to it. With `dry_run`, only count it.

        Raises StorageError where the bus's file can't be used.
        """
        # The first pass finds the replies' ids in the post's events. The second removes the replies' own events: their
        # text may quote the post.
        first = self._forget(request)
        if not first.replies:
            return first
        both = self._forget(request, *first.replies)
        return msgspec.structs.replace(first, removed=both.removed) if request.dry_run else first.merged_with(both)

    def _forget(self, request: Erase, *reply_ids: str) -> ErasureReport:
        removed: dict[str, int] = {}
        ids = (request.tweet_id, *reply_ids)
        archived = self._archive(ids, request.dry_run, removed)
        lake = self._lake.forget(*ids, dry_run=request.dry_run)
        replies = archived | lake.replies
        # The log comes last: the steps before may still log about the post.
        removed |= {
            "lake": lake.events,
            "pictures": self._pictures(request, replies),
            "alerts": self._alerts(request),
            "log": self._log(request),
        }
        return ErasureReport(
            tweet_id=request.tweet_id,
            removed=removed,
            replies=sorted(replies),
            remains=[*_remains(request, lake, removed), *_copies(self._home.folder)],
        )

    def _archive(self, ids: tuple[str, ...], dry_run: bool, removed: dict[str, int]) -> frozenset[str]:
        replies: frozenset[str] = frozenset()
        removed |= {"archive": 0, "dead letters": 0}
        for _ in range(MAX_CHECKS):
            archived = self._find(ids)
            replies |= archived.replies
            removed["archive"] += len(archived.events)
            removed["dead letters"] += archived.dead
            if dry_run or not archived.events:
                break
            self._bus.forget(archived.events)
            if self._live and archived.waiting:
                self._bus.drain(TIMEOUT)
        if not dry_run:
            # After the last check: events under way would note it again.
            self._bus.forget_known([key for each in ids for key in keys_of(each)])
        if removed["archive"] and not dry_run:
            with contextlib.closing(open_database(self._home.bus, SCHEMA)) as db:
                _empty_journal(db)
        return replies

    def _find(self, ids: tuple[str, ...]) -> _Archived:
        events, replies, counts = [], set[str](), {DEAD: 0, WAITING: 0}
        with contextlib.closing(open_archive(self._home.bus)) as db:
            for number, body in (row for each in ids for row in db.execute(_CANDIDATES, (each,))):
                event = decode_event(body)
                detail = event.detail
                if number not in events and is_about(detail, *ids, kind=event.detail_type):
                    events.append(number)
                    replies |= {reply_id(detail, *ids) or ""} - {""}
            for number in events:
                for (state,) in db.execute("SELECT state FROM deliveries WHERE event = ? AND state <> 1", (number,)):
                    counts[state] += 1
        return _Archived(events, counts[DEAD], counts[WAITING], frozenset(replies))

    def _pictures(self, request: Erase, replies: frozenset[str]) -> int:
        """Remove the post's pictures, the bot's annotated ones, and those of replies that `twbot send` stored."""
        media, sent = self._home.media, self._home.folder / "replies"
        folders = (media / request.tweet_id, media / "replies" / request.tweet_id)
        files = [path for folder in folders for path in folder.glob("*") if path.is_file()]
        files += [path for reply in replies for path in sent.glob(f"{reply}-*") if path.is_file()]
        if not request.dry_run:
            for path in files:
                path.unlink(missing_ok=True)
            for folder in folders:
                with contextlib.suppress(OSError):
                    folder.rmdir()
        return len(files)

    def _alerts(self, request: Erase) -> int:
        path = self._home.alerts
        if not path.exists():
            return 0
        with contextlib.closing(open_alerts(path)) as db:
            count = db.execute("SELECT count(*) FROM alerts WHERE tweet_id = ?", (request.tweet_id,)).fetchone()[0]
            if count and not request.dry_run:
                db.execute("PRAGMA secure_delete = ON").fetchall()
                db.execute("DELETE FROM alerts WHERE tweet_id = ?", (request.tweet_id,))
                _empty_journal(db)
        return int(count)

    def _log(self, request: Erase) -> int:
        """Remove the log's lines that contain the post's id."""
        names = re.compile(rb"(?<![0-9])" + request.tweet_id.encode() + rb"(?![0-9])")
        removed = 0
        with _log_locked(self._home.log):
            for path in log_files(self._home.log):
                lines = path.read_bytes().splitlines(keepends=True)
                kept = [line for line in lines if not names.search(line)]
                removed += len(lines) - len(kept)
                if len(kept) < len(lines) and not request.dry_run:
                    _replace(path, b"".join(kept))
        return removed


class LocalErasure:
    """Erases posts from another process: through the running bot, or with the bus itself where no bot runs."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._home = folder, DataFolder(folder)

    def forget(self, tweet_id: str, *, dry_run: bool, on_progress: OnProgress = no_progress) -> ErasureReport:
        """Erase the post. Raises TwbotError where the bot does not answer or its files can't be used."""
        on_progress("reading archive and lake")
        request = Erase(tweet_id, dry_run)
        if (run := running_bot(self._folder)) is not None:
            return ControlClient(run).forget(request)
        with Bus(self._home.bus, rules(), delivers=False) as bus:
            return Erasure(self._home, bus, Lake(self._home.lake), live=False).forget(request)


def _remains(request: Erase, lake: ErasureResult, removed: dict[str, int]) -> list[str]:
    found = [f"A damaged file of the lake could not be read: {path}" for path in lake.unreadable]
    if removed["alerts"]:
        found.append("Alerts that were sent are with whoever got them.")
    found.append(f"The number {request.tweet_id} alone stays noted, so that nobody is answered twice.")
    return found


def _copies(folder: Path) -> Iterator[str]:
    """Name what nothing is removed from: copies of before a migration or a restore."""
    for pattern in (f"*{OLDER}*", f"{ASIDE}*"):
        for path in sorted(folder.glob(pattern)):
            yield f"A copy of earlier files may have it; delete it when it is not needed any more: {path}"


def _replace(path: Path, content: bytes) -> None:
    """Replace a file by one that is its owner's only, and is on the disk before it has the name."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _empty_journal(db: Database) -> None:
    # The write-ahead log keeps deleted content until it is overwritten: TRUNCATE empties it now.
    # https://www.sqlite.org/pragma.html#pragma_wal_checkpoint
    with contextlib.suppress(StorageError):
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@contextlib.contextmanager
def _log_locked(path: Path) -> Iterator[None]:
    """Hold the log handlers' locks, so that nothing writes the files meanwhile; reopen the new files at the end."""
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
            # The handler still has the replaced file open: what it writes there would be lost.
            if handler.stream is not None:
                handler.stream.close()
            handler.stream = handler._open()
            handler.release()
