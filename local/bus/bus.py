"""The event bus on one machine: what was published is on the disk, and each matching rule's handler gets it at least
once.

One thread writes (bus_writer.py); handlers work from memory.
Events are shared between handlers: they don't change them.
"""

from __future__ import annotations

import datetime
import heapq
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from twbot.lambdas.contracts import Entry, Event, decode_event, new_event
from twbot.lambdas.errors import BadEvent, Temporary, TwbotError
from twbot.lambdas.ports import Publisher
from twbot.lambdas.wiring import Rule
from twbot.local.bus.patterns import BadPattern, compile_pattern
from twbot.local.bus.routes import FLUSH, STOP, Delivery, NotAttached, Overloaded, RetryPolicy, Route, judge
from twbot.local.bus.store import DEAD, WAITING, Lock, OpenDelivery, Outcome, Store
from twbot.local.bus.writer import New, Settled, Writer


class Bus:
    """Open it, attach a handler to each rule, start it. It is a Publisher from the moment it is open.

    Raises AlreadyRunning, StorageError, BadPattern. `limit`: how many deliveries may wait before `outside()` refuses.
    """

    def __init__(
        self,
        path: Path,
        rules: Sequence[Rule],
        *,
        limit: int = 10_000,
        retry: RetryPolicy | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._routes = {rule.name: _route(rule, retry or RetryPolicy()) for rule in rules}
        self._limit = limit
        self._clock = clock
        self._state = threading.Condition()
        self._waiting = 0  # deliveries that are not done
        self._parked: list[tuple[float, int, Delivery]] = []  # those of them that wait for another attempt: a heap
        self._forgotten: set[int] = set()  # deliveries whose event was removed while they waited
        self._stopping = False
        self._workers: list[threading.Thread] = []
        self._lock = Lock(path.with_name(path.name + ".lock"))
        try:
            store = Store(path)
            self._recover(store)
        except BaseException:
            self._lock.release()
            raise
        self._writer = Writer(store, clock, self._committed)
        self._timer = self._thread(self._unpark, "bus-timer")

    # Publishing

    def publish(self, entries: Sequence[Entry]) -> None:
        """Returns when the entries are on the disk, all of them together. Raises StorageError, BadEvent."""
        now = datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)
        self._writer.put([self._new(new_event(entry, now), entry.dedup_key) for entry in entries])

    def admit(self) -> None:
        """Raises Overloaded where too much waits already."""
        if self._waiting >= self._limit:
            raise Overloaded(f"{self._waiting} deliveries wait, more than {self._limit} may not.")

    def outside(self) -> Publisher:
        """The publisher for what comes from outside: it admits first. Handlers use the bus itself, or the work that is
        under way could never end."""
        return _Outside(self)

    def republish(self, events: Iterable[Event], replay_name: str, rules: Sequence[str] | None = None) -> int:
        """Deliver events again, marked with the replay's name, to all or the named rules. Waits while the bus is full.

        How many events went to a rule. Raises TwbotError where there is no such rule.
        """
        routes = list(self._routes.values()) if rules is None else [self._named(name) for name in rules]
        count = 0
        for event in events:
            marked = msgspec.structs.replace(event, replay_name=replay_name)
            new = self._new(marked, None, routes)
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
        """`handler` gets an Event; with `batch`, a list of up to so many, gathered for up to `linger` seconds.

        What it raises decides: Permanent and BadEvent make a dead letter at once, Temporary with `retry_at` waits
        until then, everything else is tried again with backoff.
        """
        route = self._named(rule)
        route.handler, route.concurrency, route.batch, route.linger = handler, concurrency, batch, linger
        route.retry = retry or route.retry

    def start(self) -> None:
        """Raises NotAttached where a rule has no handler."""
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
        """Deliveries that are not done: queued, under way, or waiting for another attempt."""
        return self._waiting

    def settled(self) -> bool:
        return self._waiting == 0

    def drain(self, timeout: float, *, retries: bool = False) -> bool:
        """Wait until nothing is due or under way; with `retries`, until nothing waits for another attempt either."""
        self._hurry(True)
        try:
            with self._state:
                return self._state.wait_for(lambda: self._waiting <= (0 if retries else len(self._parked)), timeout)
        finally:
            self._hurry(False)

    def stop(self, timeout: float = 5.0) -> None:
        """Let handlers end what they are at, for up to `timeout` seconds; the next start delivers the rest."""
        with self._state:
            if self._stopping:
                return
            self._stopping = True
            self._state.notify_all()
        for route in self._routes.values():
            route.wake(STOP)
        until = time.monotonic() + timeout
        for worker in self._workers:
            worker.join(max(0.0, until - time.monotonic()))
        self._timer.join()
        self._writer.close()
        self._lock.release()

    def __enter__(self) -> Bus:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # For operators

    def redrive(self, deliveries: Sequence[int]) -> int:
        """Deliver dead letters again. How many there were with these ids."""

        def wake(store: Store) -> list[OpenDelivery]:
            return store.open_deliveries(found) if (found := store.redrive(deliveries, self._clock())) else []

        return self._revive(self._writer.ask(wake))

    def purge(self, deliveries: Sequence[int]) -> int:
        """Forget dead letters. How many there were with these ids."""
        return self._writer.ask(lambda store: store.purge(deliveries))

    def forget(self, events: Sequence[int]) -> int:
        """Remove these events (by their numbers), and what was still to be done about them. How many there were.

        What a handler is at with one of them ends, but is not tried again.
        """
        gone, waiting = self._writer.ask(lambda store: store.forget(events)) if events else (0, [])
        with self._state:
            self._forgotten |= set(waiting)
            parked = [each for each in self._parked if each[1] not in self._forgotten]
            self._waiting -= len(self._parked) - len(parked)
            self._parked[:] = parked
            heapq.heapify(self._parked)
            self._state.notify_all()
        return gone

    def prune(self, before: datetime.datetime) -> int:
        """Forget the events from before then, but for those that something still waits for. How many there were."""
        text = before.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return self._writer.ask(lambda store: store.prune(text, before.timestamp()))

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

    def _new(self, event: Event, dedup_key: str | None, routes: Iterable[Route] | None = None) -> New:
        try:
            body = msgspec.json.encode(event)
        except (TypeError, UnicodeEncodeError) as error:
            raise BadEvent(f"{event.detail_type}: not JSON: {error}") from None
        seen = _as_json(event)
        candidates = self._routes.values() if routes is None else routes
        return New(event, body, dedup_key, [route for route in candidates if route.matches(seen)])

    def _await_room(self) -> None:
        with self._state:
            self._state.wait_for(lambda: self._waiting < self._limit or self._stopping)
            if self._stopping:
                raise Temporary("The bus is stopping.")

    def _hurry(self, hurry: bool) -> None:
        for route in self._routes.values():
            route.hurry = hurry
            if hurry and route.batch:
                route.wake(FLUSH)

    def _recover(self, store: Store) -> None:
        """Take up what the last process left; what waits for a rule that is gone becomes a dead letter."""
        left = store.open_deliveries()
        gone = [each for each in left if each.rule not in self._routes]
        now = self._clock()
        reason = "NoSuchRule: the rule is not there any more"
        with store.transaction():
            store.settle(Outcome(DEAD, e.attempts, now, e.first_try, None, now, reason, e.id) for e in gone)
        self._revive([each for each in left if each.rule in self._routes])

    def _revive(self, left: list[OpenDelivery]) -> int:
        now = self._clock()
        events: dict[int, Event] = {}
        with self._state:
            self._waiting += len(left)
            for each in left:
                event = events.setdefault(each.event, decode_event(each.body))
                delivery = Delivery(each.id, event, self._routes[each.rule], each.first_try or now)
                delivery.attempts, delivery.first_try = each.attempts, each.first_try
                heapq.heappush(self._parked, (each.due, each.id, delivery))
            self._state.notify_all()
        return len(left)

    def _work(self, route: Route) -> None:
        for deliveries in route.deliveries():
            if self._stopping:
                return
            started = self._clock()
            results = route.attempt(deliveries)
            now = self._clock()
            for delivery, error in results:
                self._writer.settle(delivery, judge(delivery, error, started, now))

    def _unpark(self) -> None:
        """Queue each parked delivery when its time has come."""
        with self._state:
            while not self._stopping:
                now = self._clock()
                while self._parked and self._parked[0][0] <= now:
                    delivery = heapq.heappop(self._parked)[2]
                    delivery.route.queue.put(delivery)
                self._state.wait(max(0.001, self._parked[0][0] - now) if self._parked else None)

    def _committed(self, made: list[Delivery], settled: list[Settled]) -> None:
        with self._state:
            self._waiting += len(made)
            for delivery, outcome in settled:
                if outcome.state == WAITING and delivery.id not in self._forgotten:
                    heapq.heappush(self._parked, (outcome.due, delivery.id, delivery))
                else:
                    self._waiting -= 1
            if settled:
                self._state.notify_all()
        for delivery in made:
            delivery.route.queue.put(delivery)


class _Outside:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def publish(self, entries: Sequence[Entry]) -> None:
        self._bus.admit()
        self._bus.publish(entries)


def _route(rule: Rule, retry: RetryPolicy) -> Route:
    try:
        route = Route(rule.name, compile_pattern(rule.pattern))
    except BadPattern as error:
        raise BadPattern(f"rule {rule.name}: {error}") from None
    route.retry = retry
    return route


def _as_json(event: Event) -> dict[str, Any]:
    """The event as patterns see it, without copying its detail."""
    seen: dict[str, Any] = {
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
        seen["replay-name"] = event.replay_name
    return seen
