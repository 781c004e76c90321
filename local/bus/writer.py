"""The bus's one writing thread.

Each commit takes everything that was published or finished since the last one ("group commit"). So a commit carries
many events, and a publisher waits for two commits at most.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from twbot.lambdas.completion import completed, known_json
from twbot.lambdas.contracts import Entry, Event
from twbot.lambdas.errors import Temporary, TwbotError
from twbot.lambdas.x.post_ids import tweet_of
from twbot.local.bus.routes import Delivery, Route
from twbot.local.bus.store import EventRow, Outcome, Store
from twbot.local.database import StorageError

MAX_BATCH = 2000  # jobs and outcomes in one commit
# Seconds that outcomes wait for a job to share its commit, which they would else double. What a crash loses of them is
# done again, as without them: docs/decisions/0020-what-was-measured-and-what-made-it-fast.md
OUTCOMES_WAIT = 0.01
BUSY, BUSY_WAIT = 2, 0.003  # seconds that a commit waits for more jobs, where the last one had so many
RETRY_AFTER = 1.0  # seconds until outcomes that could not be written are tried again

Result = TypeVar("Result")
Settled = tuple[Delivery, Outcome]


class New(NamedTuple):
    """An event to store."""

    event: Event
    body: bytes
    """The event as JSON."""
    routes: list[Route]
    """The routes of the rules that match."""
    entry: Entry | None = None
    """The entry that it was published with, which says whether it was stored before. None: it never was."""


class _Job:
    """Work for the writing thread: events to store, or a function of the store. `wait` returns its result."""

    def __init__(self, work: Callable[[Store], Any] | None = None, new: Sequence[New] = ()) -> None:
        self.new = new
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self._done = threading.Lock()
        self._done.acquire()

    def finish(self, error: BaseException | None = None) -> None:
        self.error = error
        self._done.release()

    def wait(self) -> Any:
        self._done.acquire()
        if self.error is not None:
            raise self.error
        return self.result


class Writer:
    """Writes to the store from one thread, and closes it in the end.

    `committed` is called after each commit, before `put` and `ask` return: their callers find the deliveries counted.
    `renew` makes an event of an entry that was completed, in place of the one that it was published with.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        committed: Callable[[list[Delivery], list[Settled]], None],
        monotonic: Callable[[], float],
        renew: Callable[[Entry, Event], New],
    ) -> None:
        self._store = store
        self._clock, self._monotonic = clock, monotonic
        self._renew = renew
        self._committed = committed
        self._closing = threading.Lock()  # no job may be queued after the last: its caller would wait for ever
        self._closed = False
        self._last = 0  # how many jobs the last commit had
        self._jobs: queue.SimpleQueue[_Job | Settled | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="bus-writer", daemon=True)
        self._thread.start()

    def put(self, new: Sequence[New]) -> None:
        """Store the events in one transaction. Return when they are on the disk. Raises StorageError, Temporary."""
        if new:
            self._submit(_Job(new=new)).wait()

    def ask(self, work: Callable[[Store], Result]) -> Result:
        """Run `work` in the writing thread. Return its result when its changes are on the disk. Raises StorageError."""
        answer: Result = self._submit(_Job(work)).wait()
        return answer

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """Queue the outcome of an attempt for the next commit, and return at once."""
        self._jobs.put((delivery, outcome))

    def check(self) -> None:
        """Raise Moved where the store's file is not at its path any more."""
        self._store.place.check()

    def close(self) -> None:
        """Write what is queued and end the thread. Later calls raise Temporary."""
        with self._closing:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        self._store.close()

    def _submit(self, job: _Job) -> _Job:
        with self._closing:
            if self._closed:
                raise Temporary("The bus has stopped.")
            self._jobs.put(job)
        return job

    def _write(self) -> None:
        settled: list[Settled] = []
        ended = False
        while not ended:
            # Outcomes whose commit failed stay in `settled`: lost, they would make done deliveries run again.
            jobs, ended = self._take(settled, RETRY_AFTER if settled else None)
            if self._commit(jobs, settled):
                settled = []

    def _take(self, settled: list[Settled], timeout: float | None) -> tuple[list[_Job], bool]:
        """Take what is queued: return the jobs, and whether the writer closes. Outcomes are added to `settled`."""
        jobs: list[_Job] = []
        try:
            item = self._jobs.get(timeout=timeout)
            began = time.monotonic()
            while True:
                if item is None:
                    return jobs, True
                if isinstance(item, _Job):
                    jobs.append(item)
                else:
                    settled.append(item)
                if len(jobs) + len(settled) >= MAX_BATCH:
                    return jobs, False
                wait = (BUSY_WAIT if self._last >= BUSY else 0.0) if jobs else OUTCOMES_WAIT
                item = self._jobs.get(timeout=max(0.0, began + wait - time.monotonic()))
        except queue.Empty:
            return jobs, False
        finally:
            self._last = len(jobs)

    def _commit(self, jobs: list[_Job], settled: list[Settled]) -> bool:
        store = self._store
        numbers = (store.last_event, store.last_delivery)
        made: list[Delivery] = []
        try:
            with store.transaction():
                self._store_new([new for job in jobs for new in job.new], made)
                if settled:
                    store.settle(outcome for _, outcome in settled)
                for job in jobs:
                    if job.work is not None:
                        job.result = job.work(store)
        except Exception as error:
            # The transaction was rolled back: give its numbers back, too.
            store.last_event, store.last_delivery = numbers
            for job in jobs:
                job.finish(error if isinstance(error, TwbotError) else StorageError(f"{store.path}: {error}"))
            return False
        self._committed(made, settled)
        for job in jobs:
            job.finish()
        return True

    def _store_new(self, new: list[New], made: list[Delivery]) -> None:
        store, now = self._store, self._clock()
        rows: list[EventRow] = []
        deliveries: list[tuple[int, int, str, float]] = []
        for fresh in filter(None, map(self._unless_known, new)):
            event, body, routes, _ = fresh
            store.last_event += 1
            number, tweet = store.last_event, tweet_of(event)
            rows.append(EventRow(number, event.id, event.detail_type, event.time, tweet, event.replay_name, body))
            for route in routes:
                store.last_delivery += 1
                deliveries.append((store.last_delivery, number, route.name, now))
                made.append(Delivery(store.last_delivery, event, route, self._monotonic()))
        if rows:
            store.add(rows, deliveries)

    def _unless_known(self, new: New) -> New | None:
        """Return the event to store, None where it says nothing that an earlier one with its key did not say."""
        entry, store = new.entry, self._store
        if entry is None or entry.dedup_key is None:
            return new
        if store.claim_key(entry.dedup_key, self._clock(), known_json(entry)):
            return new
        earlier = store.known(entry.dedup_key) if entry.known is not None else None
        if earlier is None:
            return None
        better, known = completed(entry, earlier)
        store.keep_known(entry.dedup_key, known)
        return None if better is None else self._renew(better, new.event)
