"""The bus's one writing thread.

Each commit takes everything that was published or finished since the last one ("group commit"). So a commit carries
many events, and a publisher waits for two commits at most.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from twbot.lambdas.completion import completed, known_json
from twbot.lambdas.contracts import Entry, Event
from twbot.lambdas.errors import Temporary, TwbotError
from twbot.lambdas.x.post_ids import tweet_of
from twbot.local.bus.outbox import New, Settlement
from twbot.local.bus.routes import Delivery
from twbot.local.bus.store import EventRow, Store
from twbot.local.database import StorageError

MAX_BATCH = 2000  # jobs and settlements in one commit
# Seconds that outcomes wait for a job to share its commit, which they would else double. What a crash loses of them is
# done again, as without them: docs/decisions/0020-what-was-measured-and-what-made-it-fast.md
OUTCOMES_WAIT = 0.01
BUSY, BUSY_WAIT = 2, 0.003  # seconds that a commit waits for more events, where the last one had so many sources
RETRY_AFTER = 1.0  # seconds until outcomes that could not be written are tried again

Result = TypeVar("Result")


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


class _Work(NamedTuple):
    """What one commit writes."""

    jobs: list[_Job]
    settled: list[Settlement]

    def parts(self) -> list[_Work]:
        """Return the same, each job and each settlement alone."""
        return [_Work([job], []) for job in self.jobs] + [_Work([], [each]) for each in self.settled]

    @property
    def sources(self) -> int:
        """How many have events to store, or wait."""
        return len(self.jobs) + sum(1 for each in self.settled if each.new)


class Writer:
    """Writes to the store from one thread, and closes it in the end.

    `committed` is called after each commit, before `put` and `ask` return: their callers find the deliveries counted.
    `renew` makes an event of an entry that was completed, in place of the one that it was published with. `fail` gives
    a settlement whose events can't be stored the outcomes of a failure.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        committed: Callable[[list[Delivery], list[Settlement]], None],
        monotonic: Callable[[], float],
        renew: Callable[[Entry, Event], New],
        fail: Callable[[Settlement, Exception], Settlement],
    ) -> None:
        self._store = store
        self._clock, self._monotonic = clock, monotonic
        self._renew, self._fail = renew, fail
        self._committed = committed
        self._closing = threading.Lock()  # no job may be queued after the last: its caller would wait for ever
        self._closed = False
        self._busy = False  # whether the last commit had several sources
        self._jobs: deque[_Job] = deque()
        self._settled: deque[Settlement] = deque()
        self._is_urgent = False  # whether there is more to write than outcomes
        self._sleeps: deque[threading.Lock] = deque()  # while it waits for anything: what wakes it
        self._dozes: deque[threading.Lock] = deque()  # the same, where outcomes don't wake it
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

    def settle(self, settlement: Settlement) -> None:
        """Queue the outcomes of an attempt, with what it published, for the next commit, and return at once."""
        self._settled.append(settlement)
        if settlement.new or settlement.fixed:
            self._hurry()
        else:
            _wake(self._sleeps)

    def close(self) -> None:
        """Write what is queued and end the thread. Later calls raise Temporary."""
        with self._closing:
            self._closed = True
        self._hurry()
        self._thread.join()
        self._store.close()

    def _submit(self, job: _Job) -> _Job:
        with self._closing:
            if self._closed:
                raise Temporary("The bus has stopped.")
            self._jobs.append(job)
        self._hurry()
        return job

    def _hurry(self) -> None:
        self._is_urgent = True
        _wake(self._sleeps)
        _wake(self._dozes)

    def _write(self) -> None:
        settled: list[Settlement] = []
        while True:
            self._gather(RETRY_AFTER if settled else None)
            ended = self._closed
            work = self._take(settled)
            # Outcomes whose commit failed stay in `settled`: lost, they would make done deliveries run again.
            settled = self._commit(work)
            if ended and not self._jobs and not self._settled:
                return

    def _gather(self, timeout: float | None) -> None:
        """Wait until there is something to write, and a moment for what can share its commit."""
        if not self._settled:
            self._wait(self._sleeps, timeout)
        if not self._is_urgent:
            self._wait(self._dozes, OUTCOMES_WAIT)
        elif self._busy:
            # Not a wait that ends with the next event, which would wake this thread for each.
            time.sleep(BUSY_WAIT)

    def _wait(self, woken_by: deque[threading.Lock], timeout: float | None) -> None:
        bell = threading.Lock()
        bell.acquire()
        woken_by.append(bell)
        # What came before that has woken nobody.
        if not self._is_urgent and not (self._settled and woken_by is self._sleeps):
            bell.acquire(timeout=-1 if timeout is None else timeout)
        woken_by.clear()

    def _take(self, settled: list[Settlement]) -> _Work:
        self._is_urgent = self._closed  # before the queues are looked into: what comes then is seen now or later
        work = _Work([], settled)
        while self._jobs and len(work.jobs) < MAX_BATCH:
            work.jobs.append(self._jobs.popleft())
        while self._settled and len(work.settled) < MAX_BATCH:
            work.settled.append(self._settled.popleft())
        self._busy = work.sources >= BUSY
        return work

    def _commit(self, work: _Work) -> list[Settlement]:
        """Write it in one transaction. Return the settlements that are to be written later."""
        try:
            made = self._transact(work)
        except Exception as error:
            return self._recover(work, error)
        self._committed(made, work.settled)
        for job in work.jobs:
            job.finish()
        return []

    def _recover(self, work: _Work, error: Exception) -> list[Settlement]:
        if isinstance(error, StorageError):
            for job in work.jobs:
                job.finish(error)
            return work.settled
        # Not the disk: something in it can't be stored, which must not fail or hold up the rest.
        if len(work.jobs) + len(work.settled) > 1:
            return [later for part in work.parts() for later in self._commit(part)]
        for job in work.jobs:
            job.finish(error if isinstance(error, TwbotError) else StorageError(f"{self._store.path}: {error}"))
        if not any(each.new or each.fixed for each in work.settled):
            return work.settled
        return self._commit(_Work([], [self._fail(each, error) for each in work.settled]))

    def _transact(self, work: _Work) -> list[Delivery]:
        store = self._store
        numbers = (store.last_event, store.last_delivery)
        made: list[Delivery] = []
        try:
            with store.transaction():
                for settlement in work.settled:
                    for key, value in settlement.fixed:
                        store.fix(key, value, self._clock())
                new = [each for job in work.jobs for each in job.new]
                self._store_new([*new, *(each for settlement in work.settled for each in settlement.new)], made)
                if work.settled:
                    store.settle(outcome for each in work.settled for _, outcome in each.outcomes)
                for job in work.jobs:
                    if job.work is not None:
                        job.result = job.work(store)
        except BaseException:
            # The transaction was rolled back: give its numbers back, too.
            store.last_event, store.last_delivery = numbers
            raise
        return made

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


def _wake(sleepers: deque[threading.Lock]) -> None:
    try:
        sleepers.pop().release()
    except IndexError:
        return
