"""Replays: events of the archive delivered again, marked, at a pace; what was replayed is kept."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from twbot.lambdas.contracts import REPLAY, REPLAY_WITH_REPLIES, Event
from twbot.lambdas.replays import Replay, ReplayRequest, State, new_name
from twbot.lambdas.wiring import rules_named
from twbot.lambdas.x.post_ids import tweet_of
from twbot.local.bus.history import History
from twbot.local.bus.patterns import compile_pattern

DEFAULT_RATE = 50.0
SAVE_INTERVAL = 0.5  # seconds between two notes of a replay's progress
_log = logging.getLogger("twbot.replays")


class Chosen(NamedTuple):
    """An event to be replayed, and the rules that take it."""

    event: Event
    rules: list[str]


def prefix(wanted: ReplayRequest) -> str:
    return REPLAY_WITH_REPLIES if wanted.with_replies else REPLAY


def choose(history: History, wanted: ReplayRequest, name: str) -> Iterator[Chosen]:
    """What a replay would deliver: no event that a replay caused and, with replies, none of an answered post."""
    rules = [(rule.name, compile_pattern(rule.pattern)) for rule in rules_named(wanted.rules)]
    answered = {tweet for _, tweet in history.moments("TWEET_SENT")} if wanted.with_replies else set()
    for event in history.events(since=wanted.since, until=wanted.until):
        if (wanted.types and event.detail_type not in wanted.types) or "ReplayName" in event.detail:
            continue
        if wanted.with_replies and tweet_of(event) in answered:
            continue
        marked = msgspec.to_builtins(msgspec.structs.replace(event, replay_name=name))
        if takes := [rule for rule, matches in rules if matches(marked)]:
            yield Chosen(event, takes)


class KeptReplays:
    """The record of all replays. Safe to share between threads, and with a reading process."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS replays (name TEXT PRIMARY KEY, started REAL, body BLOB)")

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def keep(self, replay: Replay) -> None:
        row = (replay.name, replay.started, msgspec.json.encode(replay))
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO replays VALUES (?, ?, ?)", row)

    def newest(self, limit: int = 100) -> list[Replay]:
        with self._lock:
            rows = self._db.execute("SELECT body FROM replays ORDER BY started DESC LIMIT ?", (limit,)).fetchall()
        return [msgspec.json.decode(body, type=Replay) for (body,) in rows]

    def named(self, name: str) -> Replay | None:
        with self._lock:
            row = self._db.execute("SELECT body FROM replays WHERE name = ?", (name,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Replay)


class Replays:
    """Runs replays on a bus, each in a thread of its own. `deliver` is Bus.republish."""

    def __init__(
        self, kept: KeptReplays, archive: Path, deliver: Callable[[Sequence[Event], str, Sequence[str]], int]
    ) -> None:
        self.kept = kept
        self._archive, self._deliver = archive, deliver
        self._told: dict[str, tuple[threading.Event, threading.Thread]] = {}
        self._stopping = False
        for left in self.kept.newest():
            if left.state == "running":
                self._end(left, "interrupted", "the bot ended before it")

    def start(self, wanted: ReplayRequest) -> Replay:
        """Raises TwbotError where there is no such rule."""
        name = new_name(prefix(wanted))
        with History(self._archive) as history:
            chosen = [(each.event.id, each.rules) for each in choose(history, wanted, name)]
        replay = Replay(name=name, wanted=wanted, chosen=len(chosen), replayed=0, state="running", started=time.time())
        self.kept.keep(replay)
        told = threading.Event()
        thread = threading.Thread(target=self._run, args=(replay, chosen, told), name=name, daemon=True)
        self._told[name] = (told, thread)
        thread.start()
        return replay

    def cancel(self, name: str) -> Replay | None:
        """What became of it, once nothing more of it is delivered; None where there is no such replay."""
        if (running := self._told.get(name)) is not None:
            running[0].set()
            running[1].join(10)
        return self.kept.named(name)

    def stop(self) -> None:
        self._stopping = True
        for name in list(self._told):
            self.cancel(name)
        self.kept.close()

    def _run(self, replay: Replay, chosen: list[tuple[str, list[str]]], told: threading.Event) -> None:
        try:
            replay = self._pass_on(replay, chosen, told)
            early: State = "interrupted" if self._stopping else "cancelled"
            self._end(replay, early if (replay.replayed or 0) < len(chosen) else "done")
        except Exception as error:
            _log.exception("a replay failed", extra={"replay": replay.name})
            self._end(self.kept.named(replay.name) or replay, "failed", str(error))
        finally:
            self._told.pop(replay.name, None)

    def _pass_on(self, replay: Replay, chosen: list[tuple[str, list[str]]], told: threading.Event) -> Replay:
        begun = noted = time.monotonic()
        with History(self._archive) as history:
            for number, (event_id, rules) in enumerate(chosen, start=1):
                if told.is_set():
                    break
                if (event := history.event(event_id)) is not None:
                    self._deliver([event], replay.name, rules)
                replay = msgspec.structs.replace(replay, replayed=number)
                if time.monotonic() - noted > SAVE_INTERVAL:
                    self.kept.keep(replay)
                    noted = time.monotonic()
                told.wait(max(0.0, begun + number / (replay.wanted.rate or DEFAULT_RATE) - time.monotonic()))
        return replay

    def _end(self, replay: Replay, state: State, error: str | None = None) -> None:
        self.kept.keep(msgspec.structs.replace(replay, state=state, ended=time.time(), error=error))
