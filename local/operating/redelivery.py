"""Operating the bot of this machine from another process: asks the running bot, which alone may write to its bus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from lambdas.operating.dead_letters import DeadLetter, Letters
from lambdas.operating.replays import Count, Replay, Wanted, new_name
from local.bus import Bus
from local.control import ControlClient
from local.history import DeliveryRecord, History
from local.home import Home, running
from local.operating.bot import NotRunning
from local.replays import KeptReplays, choose, prefix
from stacks.wiring import RULES


class LocalDeadLetters:
    """Where no bot runs, this process takes the bus for a moment; what is redriven then waits for the next start."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._home = folder, Home(folder)

    def letters(self, *, rule: str | None = None) -> Letters:
        with History(self._home.bus) as history:
            return Letters([_letter(each) for each in history.dead_letters(rule=rule)])

    def event(self, letter: DeadLetter) -> object:
        with History(self._home.bus) as history:
            return history.event(letter.event_id) if letter.event_id else None

    def redrive(self, ids: Sequence[str]) -> Iterator[int]:
        """All at once."""
        yield self._do(ids, ControlClient.redrive, Bus.redrive)

    def purge(self, ids: Sequence[str]) -> Iterator[int]:
        yield self._do(ids, ControlClient.purge, Bus.purge)

    def purge_all(self) -> int:
        return sum(self.purge([each.id for each in self.letters().seen]))

    def _do(
        self,
        ids: Sequence[str],
        ask: Callable[[ControlClient, Sequence[int]], int],
        work: Callable[[Bus, Sequence[int]], int],
    ) -> int:
        numbers = [int(each) for each in ids]
        if (run := running(self._folder)) is not None:
            return ask(ControlClient(run), numbers)
        with Bus(self._home.bus, RULES) as bus:
            return work(bus, numbers)


class LocalReplaying:
    """Starting and cancelling take a running bot. Raises NotRunning."""

    every = 0.1

    def __init__(self, folder: Path) -> None:
        self._folder, self._home = folder, Home(folder)

    def fit(self, wanted: Wanted) -> Wanted:
        return wanted

    def count(self, wanted: Wanted) -> Count:
        by_type: dict[str, int] = {}
        by_rule: dict[str, int] = {}
        with History(self._home.bus) as history:
            for event, rules in choose(history, wanted, new_name(prefix(wanted))):
                by_type[event.detail_type] = by_type.get(event.detail_type, 0) + 1
                for rule in rules:
                    by_rule[rule] = by_rule.get(rule, 0) + 1
        return Count(events=sum(by_type.values()), by_type=by_type, by_rule=by_rule)

    def start(self, wanted: Wanted, events: int) -> Replay:  # noqa: ARG002 - the bot counts them itself
        return self._bot().start_replay(wanted)

    def cancel(self, name: str) -> Replay | None:
        return self._bot().cancel_replay(name)

    def named(self, name: str) -> Replay | None:
        return next((each for each in self.newest(10_000) if each.name == name), None)

    def newest(self, limit: int) -> list[Replay]:
        """One that a killed bot left behind counts as interrupted."""
        if not self._home.replays.exists():
            return []
        kept = KeptReplays(self._home.replays)
        try:
            found = kept.newest(limit)
        finally:
            kept.close()
        if running(self._folder) is not None:
            return found
        return [_interrupted(each) if each.state == "running" else each for each in found]

    def _bot(self) -> ControlClient:
        run = running(self._folder)
        if run is None:
            raise NotRunning(f"No bot runs on {self._folder}.")
        return ControlClient(run)


def _interrupted(replay: Replay) -> Replay:
    return msgspec.structs.replace(replay, state="interrupted")


def _letter(record: DeliveryRecord) -> DeadLetter:
    return DeadLetter(
        id=str(record.id),
        rule=record.rule,
        event_id=record.event_id,
        detail_type=record.detail_type,
        time=record.time,
        tweet_id=record.tweet_id,
        attempts=record.attempts,
        first_try=record.first_try,
        ended=record.ended,
        error=record.error,
    )
