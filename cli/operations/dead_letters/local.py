"""The dead letters of this machine's bot. A running bot alone writes to its bus: it redrives and purges on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from twbot.cli.operations.dead_letters.records import DeadLetter, DeadLetterBatch, no_such_rule
from twbot.lambdas.wiring import rules, service_of
from twbot.local.bus.bus import Bus
from twbot.local.bus.history import DeliveryRecord, History
from twbot.local.data_folder import DataFolder, running_bot
from twbot.local.server.control import ControlClient


class LocalDeadLetters:
    """The dead letters of a data folder.

    Where no bot runs, this process opens the bus. What it redrives is delivered when the bot starts again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._home = folder, DataFolder(folder)

    def read(self, *, rule: str | None = None) -> DeadLetterBatch:
        with History(self._home.bus) as history:
            return DeadLetterBatch([_dead_letter(each) for each in history.dead_letters(rule=rule)])

    def event(self, letter: DeadLetter) -> object:
        with History(self._home.bus) as history:
            return history.event(letter.event_id) if letter.event_id else None

    def redrive(self, ids: Sequence[str]) -> Iterator[int]:
        """Deliver them all again at once. Yields how many there were."""
        yield self._change(ids, ControlClient.redrive, Bus.redrive)

    def purge(self, ids: Sequence[str]) -> Iterator[int]:
        yield self._change(ids, ControlClient.purge, Bus.purge)

    def purge_all(self) -> int:
        return sum(self.purge([each.id for each in self.read().seen]))

    def _change(
        self,
        ids: Sequence[str],
        ask: Callable[[ControlClient, Sequence[int]], int],
        work: Callable[[Bus, Sequence[int]], int],
    ) -> int:
        numbers = [int(each) for each in ids]
        # A running bot holds the lock of its bus, so it does the work itself.
        if (run := running_bot(self._folder)) is not None:
            return ask(ControlClient(run), numbers)
        with Bus(self._home.bus, rules(), delivers=False) as bus:
            return work(bus, numbers)


def _dead_letter(record: DeliveryRecord) -> DeadLetter:
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
        obstacle=None if service_of(record.rule) else no_such_rule(record.rule),
    )
