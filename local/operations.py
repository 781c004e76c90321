"""Operating the bot of this machine from another process: asks the running bot, which alone may write to its bus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from lambdas.contracts import Event
from local.bus import Bus
from local.control import ControlClient
from local.history import DeliveryRecord, History
from local.home import Home, running
from local.operate import NotRunning
from local.replays import Chosen, KeptReplays, Replay, Wanted, choose, new_name
from stacks.wiring import RULES


class LocalDeadLetters:
    """Where no bot runs, this process takes the bus for a moment; what is redriven then waits for the next start."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._home = folder, Home(folder)

    def letters(self, *, rule: str | None = None) -> list[DeliveryRecord]:
        with History(self._home.bus) as history:
            return history.dead_letters(rule=rule)

    def event(self, letter: DeliveryRecord) -> Event | None:
        with History(self._home.bus) as history:
            return history.event(letter.event_id)

    def redrive(self, ids: Sequence[int]) -> int:
        return self._do(ids, ControlClient.redrive, Bus.redrive)

    def purge(self, ids: Sequence[int]) -> int:
        return self._do(ids, ControlClient.purge, Bus.purge)

    def _do(
        self,
        ids: Sequence[int],
        ask: Callable[[ControlClient, Sequence[int]], int],
        work: Callable[[Bus, Sequence[int]], int],
    ) -> int:
        if (run := running(self._folder)) is not None:
            return ask(ControlClient(run), ids)
        with Bus(self._home.bus, RULES) as bus:
            return work(bus, ids)


class LocalReplaying:
    """Starting and cancelling take a running bot. Raises NotRunning."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._home = folder, Home(folder)

    def choose(self, wanted: Wanted) -> Iterator[Chosen]:
        with History(self._home.bus) as history:
            yield from choose(history, wanted, new_name(wanted))

    def start(self, wanted: Wanted) -> Replay:
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
