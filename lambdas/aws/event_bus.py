"""Publishes on EventBridge: in batches, with retries of each failed entry, and each `dedup_key` once.

An entry that knows more of its post than those before it goes out, too (lambdas/completion.py).
"""

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

from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.aws.deduplication import Deduplication, Lease
from twbot.lambdas.completion import completed, distinct, known_json
from twbot.lambdas.contracts import Entry
from twbot.lambdas.errors import BadEvent, Temporary

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
MAX_ENTRIES = 10
# A little below its 1 MB, as the names of the fields count, too.
MAX_BYTES = 1_048_000
MAX_ATTEMPTS = 4
# Seconds.
FIRST_WAIT, MAX_WAIT = 0.1, 2.0
# Before a lease of another invocation is looked at again.
LEASE_WAITS = (0.2, 0.4, 0.8)
MAX_CONCURRENCY = 8
IN_PROGRESS = "another invocation is publishing it"
logger = logging.getLogger(__name__)


class Outgoing(NamedTuple):
    """An entry on its way to the bus."""

    entry: Entry
    put: dict[str, str]
    """The entry in the shape of PutEvents."""
    problem: str = ""
    """Error code of the last attempt; empty before the first one."""
    earlier: str | None = None
    """What the entries before it with its key know, as JSON; None where it is the first."""

    @property
    def size(self) -> int:
        """Return its size in bytes, as EventBridge counts it."""
        return sum(len(self.put[part].encode()) for part in ("Source", "DetailType", "Detail"))

    def __str__(self) -> str:
        return f"{self.entry.dedup_key or self.entry.detail_type} ({self.problem})"


class EventBus:
    """The Publisher on AWS."""

    def __init__(
        self, client: Any, bus: str, deduplication: Deduplication, *, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._client, self._bus, self._deduplication, self._wait = client, bus, deduplication, wait

    def publish(self, entries: Sequence[Entry]) -> None:
        """Publish the entries. Raises Temporary, which names those not on the bus, or BadEvent for a too large one."""
        outgoing = [self._outgoing(entry) for entry in distinct(entries)]
        failed: list[Outgoing] = []
        # X delivers several events of a post at once, so another invocation often has the lease, for a moment only.
        for wait in (*LEASE_WAITS, None):
            failed_now, outgoing = self._publish(outgoing)
            failed += failed_now
            if not outgoing or wait is None:
                break
            self._wait(random.uniform(0.5, 1) * wait)  # noqa: S311
        # Not on the bus yet, and the other invocation may fail: the caller has to come back.
        _report([*failed, *(each._replace(problem=IN_PROGRESS) for each in outgoing)], len(entries))

    def _publish(self, outgoing: list[Outgoing]) -> tuple[list[Outgoing], list[Outgoing]]:
        """Publish what has a lease. Return what failed, and what another invocation is publishing."""
        leased = list(zip(outgoing, _side_by_side(self._acquire, outgoing), strict=True))
        mine = [ready for _, (lease, ready) in leased if lease is Lease.ACQUIRED]
        failed = self._send(mine)
        failed_entries = [each.entry for each in failed]
        _side_by_side(self._commit, [each for each in mine if each.entry not in failed_entries])
        _side_by_side(self._release, failed)
        return failed, [each for each, (lease, _) in leased if lease is Lease.HELD_BY_ANOTHER]

    def fix(self, key: str, value: str) -> str:
        """Store the value under the key, unless one is stored there, and return the stored one. Raises Temporary."""
        return self._deduplication.fix(key, value)

    def add(self, key: str, amount: float) -> float:
        """Add to the number under the key, and return the sum. Raises Temporary."""
        return self._deduplication.add(key, amount)

    def _outgoing(self, entry: Entry, earlier: str | None = None) -> Outgoing:
        detail = msgspec.json.encode(entry.detail).decode()
        put = {"EventBusName": self._bus, "Source": entry.source, "DetailType": entry.detail_type, "Detail": detail}
        outgoing = Outgoing(entry, put, earlier=earlier)
        if outgoing.size > MAX_BYTES:
            raise BadEvent(f"{entry.detail_type} of {outgoing.size:,} bytes: EventBridge takes {MAX_BYTES:,}.")
        return outgoing

    def _send(self, outgoing: Sequence[Outgoing]) -> list[Outgoing]:
        """Put the entries on the bus and return those that EventBridge did not take in any attempt."""
        waiting = list(outgoing)
        for attempt in range(MAX_ATTEMPTS):
            # Backoff with jitter, so that publishers that were throttled together do not return together:
            # https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
            if attempt and waiting:
                self._wait(random.uniform(0.5, 1) * min(MAX_WAIT, FIRST_WAIT * 2**attempt))  # noqa: S311
            waiting = [each for batch in batches(waiting) for each in self._put(batch)]
        return waiting

    def _put(self, batch: list[Outgoing]) -> list[Outgoing]:
        try:
            results = self._client.put_events(Entries=[each.put for each in batch])["Entries"]
        except (ClientError, BotoCoreError) as error:
            problem = error_code(error)
            return [each._replace(problem=problem) for each in batch]
        # A 200 may contain failed entries; the results are in the order of the request.
        pairs = zip(batch, results, strict=True)
        return [each._replace(problem=result["ErrorCode"]) for each, result in pairs if result.get("ErrorCode")]

    def _acquire(self, outgoing: Outgoing) -> tuple[Lease, Outgoing]:
        """Acquire the lease of an entry. Return it with what is to be published then."""
        entry = outgoing.entry
        if entry.dedup_key is None:
            return Lease.ACQUIRED, outgoing
        lease, earlier = self._deduplication.acquire(entry.dedup_key)
        if lease is not Lease.DONE or earlier is None or entry.known is None:
            return lease, outgoing
        better, known = completed(entry, earlier)
        if better is None:
            self._deduplication.learn(entry.dedup_key, earlier, known)
            return Lease.DONE, outgoing
        return self._deduplication.acquire_again(entry.dedup_key, earlier), self._outgoing(better, earlier)

    def _commit(self, outgoing: Outgoing) -> None:
        self._record(lambda key: self._deduplication.commit(key, known_json(outgoing.entry)), outgoing)

    def _release(self, outgoing: Outgoing) -> None:
        self._record(lambda key: self._deduplication.release(key, outgoing.earlier), outgoing)

    def _record(self, record: Callable[[str], None], outgoing: Outgoing) -> None:
        # A failure here costs a repetition or a wait, never an event: it is logged and not raised.
        try:
            if outgoing.entry.dedup_key:
                record(outgoing.entry.dedup_key)
        except Temporary as error:
            logger.warning("%s: %s", outgoing.entry.dedup_key, error)


def batches(outgoing: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    """Yield the entries in order, in batches as large as EventBridge takes."""
    batch: list[Outgoing] = []
    size = 0
    for each in outgoing:
        if batch and (len(batch) == MAX_ENTRIES or size + each.size > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += each.size
    if batch:
        yield batch


def _side_by_side(work: Callable[[Outgoing], Any], outgoing: Sequence[Outgoing]) -> list[Any]:
    if len(outgoing) < 2:
        return [work(each) for each in outgoing]
    # A new thread starts with an empty context: without a copy it knows neither the post's id nor the deadline.
    # One copy for each, as a context can be entered only once at a time:
    # https://docs.python.org/3/library/contextvars.html#contextvars.Context.run
    contexts = [contextvars.copy_context() for _ in outgoing]
    with ThreadPoolExecutor(min(MAX_CONCURRENCY, len(outgoing))) as pool:
        return list(pool.map(lambda context, each: context.run(work, each), contexts, outgoing))


def _report(failed: Sequence[Outgoing], total: int) -> None:
    for each in failed:
        logger.error("not published", extra={"problem": each.problem, "event": each.put})
    if failed:
        raise Temporary(f"{len(failed)} of {total} events are not on the bus: {', '.join(map(str, failed))}.")
