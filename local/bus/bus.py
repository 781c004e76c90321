"""The event bus on one machine: published events are on the disk, and each matching rule gets them at least once.

One thread writes to the disk (writer.py); handlers get their events from memory. Handlers share the event objects and
must not change them. What a handler publishes is stored with the outcome of its delivery (outbox.py).
"""

from __future__ import annotations

import contextvars
import datetime
import heapq
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from twbot.lambdas.completion import distinct
from twbot.lambdas.contracts import Entry, Event, decode_event, new_event
from twbot.lambdas.errors import BadEvent, ErrorKind, Temporary, TwbotError
from twbot.lambdas.folder.folder import project
from twbot.lambdas.ports import Publisher
from twbot.lambdas.wiring import Rule
from twbot.local.bus.lock import Lock
from twbot.local.bus.outbox import New, Outbox, Settlement
from twbot.local.bus.patterns import BadPattern, compile_pattern
from twbot.local.bus.routes import Delivery, NotAttached, Overloaded, RetryPolicy, Route, judge
from twbot.local.bus.store import DEAD, WAITING, KnownKeys, OpenDelivery, Outcome, Store
from twbot.local.bus.writer import Writer
from twbot.local.clock import Jumps
from twbot.local.database import MAX_INTEGER

TICK = 1.0  # seconds between two looks at the clocks while deliveries wait for another attempt
# A due time of an earlier run may be of a clock that was wrong: wait so many seconds for it at the most. Where X named
# the time, it says so again.
MAX_RECOVERED_WAIT = 60.0
# For whoever has to know which post an event is published about (local/conversations/): the log's context tells.
_published = logging.getLogger("twbot.published")
MAX_TYPES = 1000  # of events, whose routes are remembered: own functions may publish any
PRUNED_AT_ONCE = 500  # events in one transaction: publishers wait for it
# The bus whose handler runs, and what the handler has published so far. Threads that it starts have its context, too.
_handling: contextvars.ContextVar[tuple[Bus, Outbox] | None] = contextvars.ContextVar("handling", default=None)


class Parked(NamedTuple):
    """A delivery that waits for another attempt, in the order of a heap."""

    due: float
    """When it is due on the monotonic clock, which nobody can set."""
    id: int
    delivery: Delivery
    at: float
    """When it is due in epoch seconds."""


class Bus:
    """A durable event bus. Construct it, attach a handler to each rule, start it. It publishes as soon as it exists.

    `limit`: number of open deliveries from which `outside()` refuses more. `retry`: the policy of rules that have none
    of their own. `lock`: the data folder's lock, where the caller holds it already and releases it. `delivers`: whether
    it is the bot's; if not, deliveries of rules that this process does not know stay as they are: it may have been
    called with the rules of another bot. Raises AlreadyRunning, StorageError, BadPattern.

    `orphans`: how many deliveries became dead letters because their rules are not there any more, by rule.
    """

    def __init__(
        self,
        path: Path,
        rules: Sequence[Rule],
        *,
        limit: int = 10_000,
        retry: RetryPolicy | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        lock: Lock | None = None,
        delivers: bool = True,
    ) -> None:
        self._delivers = delivers
        self.orphans: dict[str, int] = {}
        self._routes = {rule.name: _route(rule, retry or RetryPolicy()) for rule in rules}
        self._by_type: dict[str, list[Route]] = {}
        self._limit = limit
        self._clock, self._monotonic = clock, monotonic
        self._jumps = Jumps(clock, monotonic)
        self._state = threading.Lock()
        self._due = threading.Condition(self._state)  # another delivery waits for its time
        self._progress = threading.Condition(self._state)  # fewer are open
        self._waiting = 0  # open deliveries: queued, under way or parked
        self._parked: list[Parked] = []  # a heap of those that wait for another attempt, by due
        self._forgotten: set[int] = set()  # ids of open deliveries whose event was removed
        self._stopping = False
        self._workers: list[threading.Thread] = []
        # Lock first: only the one process that writes may recover the open deliveries, or they would run twice.
        self._owns_lock = lock is None
        self.lock = lock or Lock(path.with_name(path.name + ".lock"))
        try:
            store = Store(path)
            self._recover(store)
            self._known = KnownKeys(path)
            self.place = store.place
        except BaseException:
            self._release()
            raise
        self._fixing = threading.Lock()
        self._fixed: dict[str, str] = {}  # what fix() returned and no commit has stored yet
        self._writer = Writer(store, clock, self._committed, monotonic, self._renew, self._fail)
        self._timer = self._thread(self._unpark, "bus-timer")

    # Publishing

    def publish(self, entries: Sequence[Entry]) -> None:
        """Store the entries in one transaction. Return when they are on the disk. Raises StorageError, BadEvent.

        Within a handler, return at once: they are stored together with the outcome of its delivery. Where that never
        happens, the handler is called again.
        """
        if _published.isEnabledFor(logging.DEBUG):
            _published.debug("published", extra={"types": [entry.detail_type for entry in entries]})
        now = datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)
        new = [self._new(new_event(entry, now), entry) for entry in distinct(entries)]
        if (outbox := self._outbox()) is None or not outbox.add(new):
            self._writer.put(new)

    def fix(self, key: str, value: str) -> str:
        """Store the value under the key, unless one is stored there. Return the stored one. Raises StorageError.

        Within a handler, it is stored together with the outcome of its delivery.
        """
        with self._fixing:
            if (fixed := self._fixed.get(key)) is None and (fixed := self._known.value(key)) is None:
                fixed = value
            self._fixed[key] = fixed
        if (outbox := self._outbox()) is not None and outbox.fix(key, fixed):
            return fixed
        try:
            return self._writer.ask(lambda store: store.fix(key, fixed, self._clock()))
        finally:
            self._stored([key])

    def _outbox(self) -> Outbox | None:
        """Return the outbox of this bus's handler that calls; None where none does."""
        bus, outbox = _handling.get() or (None, None)
        return outbox if bus is self else None

    def add(self, key: str, amount: float) -> float:
        """Add to the number under the key, 0 at first, and return the sum. Raises StorageError."""
        return self._writer.ask(lambda store: store.add_number(key, amount, self._clock()))

    def admit(self) -> None:
        """Raise Overloaded where as many deliveries are open as may be."""
        if self._waiting >= self._limit:
            raise Overloaded(f"{self._waiting} deliveries wait, more than {self._limit} may not.")

    def outside(self) -> Publisher:
        """Return a publisher for new work, such as webhook calls: it raises Overloaded when the bus is full.

        Handlers publish on the bus itself. If a full bus refused them, the deliveries under way could never finish.
        """
        return _Outside(self)

    def republish(self, events: Iterable[Event], replay_name: str, rules: Sequence[str] | None = None) -> int:
        """Deliver events again to all or the named rules, with the replay's name as `replay-name`.

        Wait while the bus is full. Return the number of events that matched a rule. Raises TwbotError where a rule does
        not exist, Temporary where the bus stops meanwhile.
        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
        """
        routes = list(self._routes.values()) if rules is None else [self._named(name) for name in rules]
        count = 0
        for event in events:
            marked = msgspec.structs.replace(event, replay_name=replay_name)
            # No deduplication key: a replay is meant to deliver what was delivered before.
            new = self._new(marked, routes=routes)
            if new.routes:
                self._await_room()
                self._writer.put([new])
                count += 1
        return count

    # Handlers

    def attach(
        self,
        rule: str,
        handler: Callable[[Any], None],
        *,
        concurrency: int = 1,
        batch: int | None = None,
        linger: float = 0.0,
        retry: RetryPolicy | None = None,
    ) -> None:
        """Attach the handler of a rule, which runs in `concurrency` threads. Raises TwbotError for an unknown rule.

        The handler gets one Event. With `batch` it gets a list of at most `batch` events, collected for up to `linger`
        seconds. Its exception decides what follows: Permanent and BadEvent make a dead letter at once, Temporary with
        `retry_at` is tried again at that time, any other is tried again with backoff.
        """
        route = self._named(rule)
        route.handler, route.concurrency, route.batch, route.linger = handler, concurrency, batch, linger
        route.retry = retry or route.retry

    def start(self) -> None:
        """Start the handlers' threads. Raises NotAttached where a rule has no handler."""
        if missing := [route.name for route in self._routes.values() if route.handler is None]:
            raise NotAttached(
                f"No handler is attached to {', '.join(missing)}: "
                "add one for the rule's target to Bot._handlers in local/bot.py."
            )
        for route in self._routes.values():
            for number in range(route.concurrency):
                self._workers.append(self._thread(self._work, f"{route.name}-{number}", route))

    # Waiting and stopping

    @property
    def waiting(self) -> int:
        """Return the number of open deliveries: queued, under way, or waiting for another attempt."""
        return self._waiting

    def settled(self) -> bool:
        """Return whether no delivery is open."""
        return self._waiting == 0

    def drain(self, timeout: float, *, retries: bool = False) -> bool:
        """Wait up to `timeout` seconds until no delivery is queued or under way. Return whether that was reached.

        With `retries`, wait for those that are due for another attempt later, too.
        """
        self._hurry(True)
        try:
            with self._state:
                return self._progress.wait_for(lambda: self._waiting <= (0 if retries else len(self._parked)), timeout)
        finally:
            self._hurry(False)

    def stop(self, timeout: float = 5.0) -> None:
        """Stop: wait up to `timeout` seconds for the handlers to return. The next start delivers the rest."""
        with self._state:
            if self._stopping:
                return
            self._stopping = True
            self._due.notify_all()
            self._progress.notify_all()
        for route in self._routes.values():
            route.stop()
        until = time.monotonic() + timeout
        for worker in self._workers:
            worker.join(max(0.0, until - time.monotonic()))
        # The lock goes last: until the writer has written everything, no other process may open the file.
        self._timer.join()
        self._known.close()  # the last to close the file copies the journal to it, which a reader can't
        self._writer.close()
        self._release()

    def _release(self) -> None:
        if self._owns_lock:
            self.lock.release()

    def __enter__(self) -> Bus:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # For operators

    def redrive(self, deliveries: Sequence[int]) -> int:
        """Deliver dead letters again, by the ids of their deliveries. Return how many of the ids were dead letters.

        Raises TwbotError where the rule of one is not there any more: then none is delivered.
        """

        def wake(store: Store) -> list[OpenDelivery]:
            for rule in store.rules_of(deliveries):
                self._check_is_there(rule)
            return store.open_deliveries(ids) if (ids := store.redrive(deliveries, self._clock())) else []

        _check_numbers(deliveries)
        return self._revive(self._writer.ask(wake))

    def purge(self, deliveries: Sequence[int]) -> int:
        """Delete dead letters, by the ids of their deliveries. Return how many of the ids were dead letters."""
        _check_numbers(deliveries)
        return self._writer.ask(lambda store: store.purge(deliveries))

    def forget(self, events: Sequence[int]) -> int:
        """Delete events (by their sequence numbers) and their deliveries. Return how many of the events existed.

        A handler that has one of them at the moment finishes, but is not called again for it.
        """
        removed, waiting = self._writer.ask(lambda store: store.forget(events)) if events else (0, [])
        with self._state:
            # The heap loses them now. Those that are queued or under way are dropped in _committed when they end.
            self._forgotten |= set(waiting)
            parked = [each for each in self._parked if each.id not in self._forgotten]
            self._waiting -= len(self._parked) - len(parked)
            self._parked[:] = parked
            heapq.heapify(self._parked)
            self._progress.notify_all()
        return removed

    def forget_known(self, keys: Sequence[str]) -> None:
        """Forget what is known of posts, by the deduplication keys of their events. The keys alone stay."""

        def forget(store: Store) -> None:
            for key in keys:
                store.keep_known(key, None)

        self._writer.ask(forget)

    def prune(self, before: datetime.datetime, keys_before: datetime.datetime | None = None) -> int:
        """Delete older events that have no open delivery and no dead letter. Return how many there were.

        `keys_before`: delete older deduplication keys and what is known of them; None: as `before`. The file shrinks.
        """
        text = before.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        keys, count = (keys_before or before).timestamp(), 0
        while not self._stopping:
            # In portions: publishers and handlers go on in between.
            events, known = self._writer.ask(lambda store: store.prune(text, keys, PRUNED_AT_ONCE))
            count += events
            if max(events, known) < PRUNED_AT_ONCE:
                break
        return count

    # Within

    def _named(self, name: str) -> Route:
        if name not in self._routes:
            raise TwbotError(f"There is no rule {name!r}; there are {', '.join(self._routes)}.")
        return self._routes[name]

    @staticmethod
    def _thread(target: Callable[..., None], name: str, *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)
        thread.start()
        return thread

    def _new(self, event: Event, entry: Entry | None = None, routes: Iterable[Route] | None = None) -> New:
        try:
            body = msgspec.json.encode(event)
        except (TypeError, UnicodeEncodeError) as error:
            raise BadEvent(f"{event.detail_type}: not JSON: {error}") from None
        document = _as_json(event)
        candidates = self._that_may_take(event.detail_type) if routes is None else routes
        return New(event, body, [route for route in candidates if route.matches(document)], entry)

    def _that_may_take(self, kind: str) -> list[Route]:
        """Return the routes of the rules that may take events of a type: most patterns need not be looked at."""
        if (found := self._by_type.get(kind)) is None:
            found = [each for each in self._routes.values() if each.types is None or kind in each.types]
            if len(self._by_type) < MAX_TYPES:
                self._by_type[kind] = found
        return found

    def _renew(self, entry: Entry, event: Event) -> New:
        return self._new(msgspec.structs.replace(event, detail=entry.detail), entry)

    def _await_room(self) -> None:
        with self._state:
            self._progress.wait_for(lambda: self._waiting < self._limit or self._stopping)
            if self._stopping:
                raise Temporary("The bus is stopping.")

    def _hurry(self, hurry: bool) -> None:
        """Have batches delivered at once instead of after their `linger` seconds, or end that."""
        for route in self._routes.values():
            route.hurry = hurry

    def _recover(self, store: Store) -> None:
        """Resume the open deliveries of the last process. Those of rules that no longer exist become dead letters."""
        waiting = store.open_deliveries()
        orphans = [each for each in waiting if each.rule not in self._routes] if self._delivers else []
        now = self._clock()
        with store.transaction():
            store.settle(
                Outcome(DEAD, e.attempts, now, e.first_try, None, now, _orphaned(e.rule), e.id) for e in orphans
            )
        self.orphans = dict(Counter(each.rule for each in orphans))
        self._revive([each for each in waiting if each.rule in self._routes])

    def _check_is_there(self, rule: str) -> None:
        if rule not in self._routes:
            raise TwbotError(
                f"There is no rule {rule} in the bot of {project()}: nothing would take its dead letters.",
                f"Put it back into twbot.toml, or name the bot's folder: --project FOLDER; "
                f"or drop them: twbot dlq purge --rule {rule}{{option}}",
                kind=ErrorKind.NOT_FOUND,
            )

    def _revive(self, waiting: list[OpenDelivery]) -> int:
        now = self._clock()
        events: dict[int, Event] = {}  # decoded once, however many rules wait for an event
        with self._state:
            self._waiting += len(waiting)
            for each in waiting:
                event = events.setdefault(each.event, decode_event(each.body))
                # Its age begins anew: what waited while no bot ran had no chance.
                delivery = Delivery(each.id, event, self._routes[each.rule], self._monotonic())
                delivery.attempts, delivery.first_try = each.attempts, each.first_try
                self._park(delivery, min(each.due, now + MAX_RECOVERED_WAIT))
        return len(waiting)

    def _work(self, route: Route) -> None:
        for deliveries in route.deliveries():
            if self._stopping:
                return
            self._writer.settle(self._handle(route, deliveries))

    def _handle(self, route: Route, deliveries: list[Delivery]) -> Settlement:
        outbox, started = Outbox(), self._clock()
        token = _handling.set((self, outbox))
        try:
            results = route.attempt(deliveries)
        finally:
            _handling.reset(token)
        now, age = self._clock(), self._monotonic()
        return outbox.close([(each, judge(each, error, started, now, age - each.born)) for each, error in results])

    def _fail(self, settlement: Settlement, error: Exception) -> Settlement:
        now, age = self._clock(), self._monotonic()
        deliveries = [delivery for delivery, _ in settlement.outcomes]
        self._stored(key for key, _ in settlement.fixed)
        return Settlement([(each, judge(each, error, now, now, age - each.born)) for each in deliveries], [], [])

    def _park(self, delivery: Delivery, at: float) -> None:
        due = self._monotonic() + max(0.0, at - self._clock())
        heapq.heappush(self._parked, Parked(due, delivery.id, delivery, at))
        self._due.notify()

    def _unpark(self) -> None:
        """Queue each parked delivery when its time has come."""
        with self._state:
            while not self._stopping:
                if self._jumps.seconds():
                    self._reckon_anew()
                now = self._monotonic()
                while self._parked and self._parked[0].due <= now:
                    delivery = heapq.heappop(self._parked).delivery
                    delivery.route.queue.put([delivery])
                wait = min(TICK, max(0.001, self._parked[0].due - now)) if self._parked else None
                self._due.wait(wait)

    def _reckon_anew(self) -> None:
        """After the clock was set: queue what is due by it now. Nothing waits longer than before."""
        ahead = self._monotonic() - self._clock()
        self._parked[:] = [each._replace(due=min(each.due, each.at + ahead)) for each in self._parked]
        heapq.heapify(self._parked)

    def _committed(self, made: list[Delivery], settled: list[Settlement]) -> None:
        """Count and queue what the writer has committed: a handler never works on what a crash could lose."""
        self._stored(key for each in settled for key, _ in each.fixed)
        with self._state:
            self._waiting += len(made)
            for settlement in settled:
                for delivery, outcome in settlement.outcomes:
                    if outcome.state == WAITING and delivery.id not in self._forgotten:
                        self._park(delivery, outcome.due)
                    else:
                        self._waiting -= 1
            if settled:
                self._progress.notify_all()
        by_route: dict[Route, list[Delivery]] = {}
        for delivery in made:
            by_route.setdefault(delivery.route, []).append(delivery)
        for route, deliveries in by_route.items():
            route.queue.put(deliveries)

    def _stored(self, keys: Iterable[str]) -> None:
        with self._fixing:
            for key in keys:
                self._fixed.pop(key, None)


class _Outside:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def publish(self, entries: Sequence[Entry]) -> None:
        self._bus.admit()
        self._bus.publish(entries)

    def fix(self, key: str, value: str) -> str:
        return self._bus.fix(key, value)


def _orphaned(rule: str) -> str:
    return (
        f"NoSuchRule: {rule} is in twbot.toml no more. Put it back and: twbot dlq redrive --rule {rule}; "
        f"or drop it: twbot dlq purge --rule {rule}"
    )


def _check_numbers(deliveries: Sequence[int]) -> None:
    # Before the writer gets them, whose transaction has the work of others, too.
    for each in deliveries:
        if not 0 < each <= MAX_INTEGER:
            message = f"{each} is no id of a delivery: these are numbers from 1 to {MAX_INTEGER}."
            raise TwbotError(message, "See: twbot dlq list --each{option}", kind=ErrorKind.USAGE)


def _route(rule: Rule, retry: RetryPolicy) -> Route:
    try:
        route = Route(rule.name, compile_pattern(rule.pattern), rule.types)
    except BadPattern as error:
        raise BadPattern(f"rule {rule.name}: {error}") from None
    route.retry = retry
    return route


def _as_json(event: Event) -> dict[str, Any]:
    """Return the event with EventBridge's field names, for patterns. Its detail is not copied."""
    document: dict[str, Any] = {
        "version": event.version,
        "id": event.id,
        "detail-type": event.detail_type,
        "source": event.source,
        "account": event.account,
        "time": event.time,
        "region": event.region,
        "resources": event.resources,
        "detail": event.detail,
    }
    if event.replay_name is not None:
        document["replay-name"] = event.replay_name
    return document
