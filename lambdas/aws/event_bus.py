"""Publishing on EventBridge: batches it takes, each failed entry tried again, each `once` key on the bus once."""

from __future__ import annotations

import contextvars
import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from twbot.lambdas.aws.deduplication import Claim, Claims
from twbot.lambdas.contracts import Entry
from twbot.lambdas.errors import BadEvent, Temporary

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
MOST_ENTRIES = 10
MOST_BYTES = 1_048_000
TRIES = 4
FIRST_WAIT, LONGEST_WAIT = 0.1, 2.0
AT_ONCE = 8
UNDER_WAY = "another invocation is publishing it"
logger = logging.getLogger(__name__)


class Outgoing(NamedTuple):
    """An entry, as PutEvents takes it, and what became of the last try."""

    entry: Entry
    put: dict[str, str]
    problem: str = ""

    @property
    def size(self) -> int:
        return sum(len(self.put[part].encode()) for part in ("Source", "DetailType", "Detail"))

    def __str__(self) -> str:
        return f"{self.entry.once or self.entry.detail_type} ({self.problem})"


class EventBus:
    """A Publisher. `claims` keeps what was published before."""

    def __init__(self, client: Any, bus: str, claims: Claims, *, wait: Callable[[float], None] = time.sleep) -> None:
        self._client, self._bus, self._claims, self._wait = client, bus, claims, wait

    def publish(self, entries: Sequence[Entry]) -> None:
        """Raises Temporary, naming what is not on the bus; BadEvent for an entry that EventBridge never takes."""
        outgoing = [self._outgoing(entry) for entry in _distinct(entries)]
        claims = _side_by_side(self._claim, outgoing)
        mine = [each for each, claim in zip(outgoing, claims, strict=True) if claim is Claim.MINE]
        others = [each for each, claim in zip(outgoing, claims, strict=True) if claim is Claim.OTHERS]
        failed = self._send(mine)
        lost = [each.entry for each in failed]
        _side_by_side(self._confirm, [each for each in mine if each.entry not in lost])
        _side_by_side(self._release, failed)
        _report([*failed, *(each._replace(problem=UNDER_WAY) for each in others)], len(entries))

    def _outgoing(self, entry: Entry) -> Outgoing:
        detail = msgspec.json.encode(entry.detail).decode()
        put = {"EventBusName": self._bus, "Source": entry.source, "DetailType": entry.detail_type, "Detail": detail}
        outgoing = Outgoing(entry, put)
        if outgoing.size > MOST_BYTES:
            raise BadEvent(f"{entry.detail_type} of {outgoing.size:,} bytes: EventBridge takes {MOST_BYTES:,}.")
        return outgoing

    def _send(self, outgoing: Sequence[Outgoing]) -> list[Outgoing]:
        """What EventBridge did not take, however often it was asked."""
        waiting = list(outgoing)
        for attempt in range(TRIES):
            if attempt and waiting:
                self._wait(random.uniform(0.5, 1) * min(LONGEST_WAIT, FIRST_WAIT * 2**attempt))  # noqa: S311
            waiting = [each for batch in batches(waiting) for each in self._put(batch)]
        return waiting

    def _put(self, batch: list[Outgoing]) -> list[Outgoing]:
        try:
            results = self._client.put_events(Entries=[each.put for each in batch])["Entries"]
        except (ClientError, BotoCoreError) as error:
            problem = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            return [each._replace(problem=problem) for each in batch]
        pairs = zip(batch, results, strict=True)
        return [each._replace(problem=result["ErrorCode"]) for each, result in pairs if result.get("ErrorCode")]

    def _claim(self, outgoing: Outgoing) -> Claim:
        return self._claims.take(outgoing.entry.once) if outgoing.entry.once else Claim.MINE

    def _confirm(self, outgoing: Outgoing) -> None:
        self._note(self._claims.confirm, outgoing)

    def _release(self, outgoing: Outgoing) -> None:
        self._note(self._claims.release, outgoing)

    def _note(self, note: Callable[[str], None], outgoing: Outgoing) -> None:
        """What can't be noted costs a repetition or a wait, never an event."""
        try:
            if outgoing.entry.once:
                note(outgoing.entry.once)
        except Temporary as error:
            logger.warning("%s: %s", outgoing.entry.once, error)


def batches(outgoing: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    """In order, as many together as EventBridge takes."""
    batch: list[Outgoing] = []
    size = 0
    for each in outgoing:
        if batch and (len(batch) == MOST_ENTRIES or size + each.size > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += each.size
    if batch:
        yield batch


def _distinct(entries: Sequence[Entry]) -> list[Entry]:
    """Of the entries with the same `once` key the first."""
    kept: dict[object, Entry] = {}
    for index, entry in enumerate(entries):
        kept.setdefault(entry.once or index, entry)
    return list(kept.values())


def _side_by_side(work: Callable[[Outgoing], Any], outgoing: Sequence[Outgoing]) -> list[Any]:
    if len(outgoing) < 2:
        return [work(each) for each in outgoing]
    # A new thread knows neither the post nor the time that is left.
    contexts = [contextvars.copy_context() for _ in outgoing]
    with ThreadPoolExecutor(min(AT_ONCE, len(outgoing))) as pool:
        return list(pool.map(lambda context, each: context.run(work, each), contexts, outgoing))


def _report(failed: Sequence[Outgoing], total: int) -> None:
    for each in failed:
        logger.error("not published", extra={"problem": each.problem, "event": each.put})
    if failed:
        raise Temporary(f"{len(failed)} of {total} events are not on the bus: {', '.join(map(str, failed))}.")
