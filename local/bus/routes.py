"""A rule's route on the bus: its pattern, handler and queue, and the decision after each attempt."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import BadEvent, Permanent, Temporary, TwbotError
from twbot.lambdas.x.post_ids import tweet_of
from twbot.local.bus.inbox import Inbox
from twbot.local.bus.patterns import CompiledPattern
from twbot.local.bus.store import DEAD, DONE, WAITING, Outcome

MAX_REASON_LENGTH = 1000
LOOK = 0.02  # seconds between two looks at a batch that is gathered

log = logging.getLogger(__name__)


class RetryPolicy(msgspec.Struct, frozen=True):
    """When a failed delivery is tried again, and when it becomes a dead letter. Times are in seconds.

    The wait before retry n is random between 0 and min(`longest`, `first` * 2^(n-1)): "full jitter" spreads the retries
    of many deliveries. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    attempts: int = 8
    """Attempts in all. Those whose handler set `retry_at` don't count."""
    patient_attempts: int | None = None
    """Attempts in all where the last one failed with Temporary, as another service may be down; None: `attempts`."""
    first: float = 1.0
    longest: float = 60.0
    patience: float = 86_400.0
    """Age from which a failing delivery is a dead letter, whatever its attempts: 24 hours, as EventBridge's default."""


class Delivery:
    """The delivery of one event to one rule's handler."""

    __slots__ = ("attempts", "born", "event", "first_try", "id", "route")

    def __init__(self, number: int, event: Event, route: Route, born: float) -> None:
        """`born`: when this process got it, on the monotonic clock."""
        self.id = number
        self.event = event
        self.route = route
        self.born = born
        self.attempts = 0
        self.first_try: float | None = None


class Stop:
    """A queue item that ends a worker."""


STOP = Stop()


class Route:
    """A rule with its pattern, queue and attached handler."""

    def __init__(self, name: str, matches: CompiledPattern, types: list[str] | None = None) -> None:
        """`types`: those of the events that the pattern may match; None: any."""
        self.name = name
        self.matches, self.types = matches, types
        self.queue: Inbox[Delivery | Stop] = Inbox()
        self.handler: Callable[[Any], None] | None = None
        self.concurrency = 1
        self.batch: int | None = None
        self.linger = 0.0
        self.hurry = False
        self.retry = RetryPolicy()

    def stop(self) -> None:
        """End the workers after what they are at."""
        self.hurry = True
        self.queue.put([STOP] * self.concurrency)

    def deliveries(self) -> Iterator[list[Delivery]]:
        """Yield deliveries from the queue, one by one or in batches, until STOP."""
        while isinstance(first := self.queue.get(), Delivery):
            yield self._fill([first]) if self.batch else [first]

    def _fill(self, taken: list[Delivery]) -> list[Delivery]:
        size, began = self.batch or 1, time.monotonic()
        while len(self.queue) < size - len(taken):
            # A moment even in a hurry: the rest of the system is busy, and would wait for a batch of each event.
            linger = min(self.linger, LOOK) if self.hurry else self.linger
            if (left := began + linger - time.monotonic()) <= 0:
                break
            time.sleep(min(left, LOOK))
        for item in self.queue.take(size - len(taken)):
            if isinstance(item, Delivery):
                taken.append(item)
            else:  # handle the batch first; deliveries() meets the STOP afterwards
                self.queue.put([item])
        return taken

    def attempt(self, deliveries: list[Delivery]) -> list[tuple[Delivery, BaseException | None]]:
        """Call the handler, and return each delivery with its exception, None where it succeeded."""
        assert self.handler is not None
        try:
            self.handler([each.event for each in deliveries] if self.batch else deliveries[0].event)
        except Exception as error:
            # One bad event must not make dead letters of a whole batch: try each alone to find it.
            if len(deliveries) > 1 and isinstance(error, Permanent | BadEvent):
                return [result for each in deliveries for result in self.attempt([each])]
            return [(each, error) for each in deliveries]
        return [(each, None) for each in deliveries]


def judge(delivery: Delivery, error: BaseException | None, started: float, now: float, age: float) -> Outcome:
    """Decide whether a delivery is done, dead or tried again after an attempt. Count the attempt in `delivery`.

    `started`, `now`: epoch seconds. `age`: seconds since this process got the delivery.
    """
    retry = delivery.route.retry
    if delivery.first_try is None:
        delivery.first_try = started
    retry_at = error.retry_at if isinstance(error, Temporary) else None
    # A wait that the other side names, such as a rate limit's reset, is no failure of the delivery: don't count it.
    if retry_at is None:
        delivery.attempts += 1
    state, due = WAITING, now
    if error is None:
        state = DONE
    elif isinstance(error, Permanent | BadEvent) or _is_enough(delivery, error, age):
        state = DEAD
    elif retry_at is not None:
        # A time in the past (the clocks differ) must not become a busy loop.
        due = max(retry_at, now + min(retry.first, 1.0))
    else:
        due = now + random.uniform(0, min(retry.longest, retry.first * 2 ** (delivery.attempts - 1)))  # noqa: S311
    reason = None if error is None else _reason(error)
    if reason is not None:
        _log_failure(delivery, state, due - now, reason)
    ended = None if state == WAITING else now
    return Outcome(state, delivery.attempts, due, delivery.first_try, started, ended, reason, delivery.id)


def _is_enough(delivery: Delivery, error: BaseException, age: float) -> bool:
    retry = delivery.route.retry
    attempts = (retry.patient_attempts if isinstance(error, Temporary) else None) or retry.attempts
    return delivery.attempts >= attempts or age > retry.patience


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:MAX_REASON_LENGTH]


def _log_failure(delivery: Delivery, state: int, wait: float, reason: str) -> None:
    event = delivery.event
    fields = {"rule": delivery.route.name, "event": event.id, "tweet": tweet_of(event), "attempts": delivery.attempts}
    if state == DEAD:
        log.error("dead letter: %s: %s", delivery.route.name, reason, extra=fields)
    else:
        log.warning("%s failed, again in %.1f s: %s", delivery.route.name, wait, reason, extra=fields)


class Overloaded(Temporary):
    """The bus has its limit of open deliveries. Try again later."""


class NotAttached(TwbotError):
    """A rule has no handler: its events would wait for ever."""
