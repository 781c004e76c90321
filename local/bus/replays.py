"""Replays: deliver events of the archive again, marked and at a limited rate, and keep a record of each replay."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from twbot.lambdas.contracts import REPLAY, REPLAY_WITH_REPLIES, Event
from twbot.lambdas.replays import Replay, ReplayRequest, State, new_name
from twbot.lambdas.wiring import leads_to_reply, rules, rules_named
from twbot.lambdas.x.post_ids import tweet_of
from twbot.local.bus.history import History
from twbot.local.bus.patterns import compile_pattern
from twbot.local.database import Schema, open_database, open_read_only

DEFAULT_RATE = 50.0  # events a second
SCHEMA = Schema(
    migrations=("CREATE TABLE IF NOT EXISTS replays (name TEXT PRIMARY KEY, started REAL, body BLOB)",),
    without="the list of earlier replays is empty then; what they delivered stays.",
)
SAVE_INTERVAL = 0.5  # seconds between two writes of a replay's progress
_log = logging.getLogger("twbot.replays")


class Chosen(NamedTuple):
    """An event to replay, and the names of the rules that match it."""

    event: Event
    rules: list[str]


def prefix(request: ReplayRequest) -> str:
    """Return the prefix of the replay's name, which says whether the replay may reply to posts.

    See docs/decisions/0001-the-name-of-a-replay-says-whether-it-may-reply.md.
    """
    return REPLAY_WITH_REPLIES if request.with_replies else REPLAY


def choose(history: History, request: ReplayRequest, name: str) -> Iterator[Chosen]:
    """Yield the events that a replay of this name delivers.

    Events that another replay caused are left out. With replies, so are the events of posts that have a reply, wait for
    one, or may have one.
    """
    wanted = [(rule.name, compile_pattern(rule.pattern)) for rule in rules_named(request.rules)]
    left_out: set[str | None] = set()
    if request.with_replies:
        left_out |= {tweet for _, tweet in history.moments("TWEET_SENT")}
        left_out |= history.unsettled_posts([rule.name for rule in rules() if leads_to_reply(rule)])
    for event in history.events(since=request.since, until=request.until):
        if (request.types and event.detail_type not in request.types) or "ReplayName" in event.detail:
            continue
        if request.with_replies and tweet_of(event) in left_out:
            continue
        # Match the marked event: rules may exclude replays by `replay-name`.
        marked = msgspec.to_builtins(msgspec.structs.replace(event, replay_name=name))
        if matching := [rule for rule, matches in wanted if matches(marked)]:
            yield Chosen(event, matching)


class ReplayStore:
    """The records of all replays, in SQLite. Threads may share it, and other processes may read the file.

    Raises StorageError.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._lock = threading.Lock()
        self._db = open_read_only(path, SCHEMA) if read_only else open_database(path, SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def keep(self, replay: Replay) -> None:
        row = (replay.name, replay.started, msgspec.json.encode(replay))
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO replays VALUES (?, ?, ?)", row)

    def prune(self, before: float) -> int:
        """Delete the records of replays that were started before, in epoch seconds. Return how many there were."""
        with self._lock:
            return self._db.execute("DELETE FROM replays WHERE started < ?", (before,)).rowcount

    def newest(self, limit: int = 100) -> list[Replay]:
        with self._lock:
            rows = self._db.execute("SELECT body FROM replays ORDER BY started DESC LIMIT ?", (limit,)).fetchall()
        return [msgspec.json.decode(body, type=Replay) for (body,) in rows]

    def named(self, name: str) -> Replay | None:
        with self._lock:
            row = self._db.execute("SELECT body FROM replays WHERE name = ?", (name,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Replay)


class Replays:
    """Runs replays on a bus, each in a thread of its own.

    `archive`: the bus's file. `deliver`: Bus.republish. Replays that the last process left running become interrupted.
    """

    def __init__(
        self, kept: ReplayStore, archive: Path, deliver: Callable[[Sequence[Event], str, Sequence[str]], int]
    ) -> None:
        self.kept = kept
        self._archive, self._deliver = archive, deliver
        self._running: dict[str, tuple[threading.Event, threading.Thread]] = {}  # by name; the Event cancels the thread
        self._stopping = False
        for replay in self.kept.newest():
            if replay.state == "running":
                self._end(replay, "interrupted", "the bot ended before it")

    def start(self, request: ReplayRequest) -> Replay:
        """Choose the events and start to deliver them. Raises TwbotError where a rule does not exist."""
        name = new_name(prefix(request))
        # Keep ids, not events: the whole archive may be chosen, which might not fit into memory.
        with History(self._archive) as history:
            chosen = [(each.event.id, each.rules) for each in choose(history, request, name)]
        replay = Replay(name=name, wanted=request, chosen=len(chosen), replayed=0, state="running", started=time.time())
        self.kept.keep(replay)
        cancelled = threading.Event()
        thread = threading.Thread(target=self._run, args=(replay, chosen, cancelled), name=name, daemon=True)
        self._running[name] = (cancelled, thread)
        thread.start()
        return replay

    def cancel(self, name: str) -> Replay | None:
        """Cancel a replay, wait up to 10 seconds until it ends, and return its record, None for an unknown name."""
        if (running := self._running.get(name)) is not None:
            running[0].set()
            running[1].join(10)
        return self.kept.named(name)

    def stop(self) -> None:
        self._stopping = True
        for name in list(self._running):
            self.cancel(name)
        self.kept.close()

    def _run(self, replay: Replay, chosen: list[tuple[str, list[str]]], cancelled: threading.Event) -> None:
        try:
            replay = self._pass_on(replay, chosen, cancelled)
            early: State = "interrupted" if self._stopping else "cancelled"
            self._end(replay, early if (replay.replayed or 0) < len(chosen) else "done")
        except Exception as error:
            _log.exception("a replay failed", extra={"replay": replay.name})
            self._end(self.kept.named(replay.name) or replay, "failed", str(error))
        finally:
            self._running.pop(replay.name, None)

    def _pass_on(self, replay: Replay, chosen: list[tuple[str, list[str]]], cancelled: threading.Event) -> Replay:
        begun = saved = time.monotonic()
        with History(self._archive) as history:
            for number, (event_id, rules) in enumerate(chosen, start=1):
                if cancelled.is_set():
                    break
                # None where the event was erased or pruned since the replay began.
                if (event := history.event(event_id)) is not None:
                    self._deliver([event], replay.name, rules)
                replay = msgspec.structs.replace(replay, replayed=number)
                if time.monotonic() - saved > SAVE_INTERVAL:
                    self.kept.keep(replay)
                    saved = time.monotonic()
                # Pace by the start, not by the last event: a slow delivery does not lower the rate of the rest.
                cancelled.wait(max(0.0, begun + number / (replay.wanted.rate or DEFAULT_RATE) - time.monotonic()))
        return replay

    def _end(self, replay: Replay, state: State, error: str | None = None) -> None:
        self.kept.keep(msgspec.structs.replace(replay, state=state, ended=time.time(), error=error))
