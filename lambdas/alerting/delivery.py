"""Delivers each alert once to each subscriber. A failure of one does not affect the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Protocol, TypeVar

from aws_lambda_powertools.utilities.idempotency import BasePersistenceLayer, IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyPersistenceLayerError,
)

from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.alerting.subscription import Subscription
from twbot.lambdas.errors import Permanent, Temporary, TwbotError

MAX_CONCURRENCY = 8
# Seconds until another attempt at the same delivery has likely ended.
RETRY_AFTER = 15
Send = Callable[[Subscription, Alert], None]
Failed = tuple[Subscription, TwbotError]
Result = TypeVar("Result")

log = logging.getLogger(__name__)


class Outcomes(Protocol):
    """The store of the last result of each subscriber."""

    def record(self, subscriber: str, problem: str | None) -> None:
        """Store the result of the last attempt; `problem` is None for a success.

        Never raises: the delivery is over, and a repetition would send the alert twice.
        """


class Notifier:
    """Delivers an alert to its subscribers.

    idempotency_store: remembers which subscriber has received which alert
    config: says how long an attempt that died halfway blocks the next one
    """

    def __init__(
        self, send: Send, outcomes: Outcomes, idempotency_store: BasePersistenceLayer, config: IdempotencyConfig
    ) -> None:
        self._send, self._outcomes = send, outcomes
        # One key for each alert and subscriber, so that a retry of the event reaches only those who did not get it:
        # docs/decisions/0006-who-hears-of-alerts-is-no-setting.md
        decorated = idempotent_function(
            self._try,
            data_keyword_argument="key",
            persistence_store=idempotency_store,
            config=config,
            key_prefix="alert",
        )
        self._try_once: Callable[..., None] = decorated

    def notify(self, alert: Alert, subscribers: Sequence[Subscription]) -> None:
        """Deliver the alert. Raises Temporary or Permanent if a subscriber could not be reached."""
        failed = [each for each in _side_by_side(lambda to: self._notify(to, alert), subscribers) if each is not None]
        if failed:
            raise _summary(failed)

    def _notify(self, to: Subscription, alert: Alert) -> Failed | None:
        try:
            self._try_once(key=f"{alert.tweet_id}:{to.id}", to=to, alert=alert)
        except IdempotencyAlreadyInProgressError:
            return to, Temporary("It is being told already.", retry_at=time.time() + RETRY_AFTER)
        except IdempotencyPersistenceLayerError as error:
            # The alert may have gone out. A second one is better than none.
            return to, Temporary(f"Cannot note who was told: {error}")
        except TwbotError as error:
            return to, error
        return None

    def _try(self, *, key: str, to: Subscription, alert: Alert) -> None:  # noqa: ARG002 - Powertools reads the key
        try:
            _attempt(self._send, self._outcomes, to, alert)
        except TwbotError as error:
            log.error("an alert did not arrive", extra={"subscriber": to.id, "kind": to.kind, "reason": str(error)})
            raise


def send_test_alerts(
    send: Send, outcomes: Outcomes, alert: Alert, subscribers: Sequence[Subscription]
) -> list[str | None]:
    """Send the alert without deduplication. Return the problem of each subscriber, None for a success."""

    def problem(to: Subscription) -> str | None:
        try:
            _attempt(send, outcomes, to, alert)
        except TwbotError as error:
            return str(error)
        return None

    return _side_by_side(problem, subscribers)


def _attempt(send: Send, outcomes: Outcomes, to: Subscription, alert: Alert) -> None:
    try:
        send(to, alert)
    except TwbotError as error:
        outcomes.record(to.id, str(error))
        raise
    outcomes.record(to.id, None)


def _side_by_side(work: Callable[[Subscription], Result], subscribers: Sequence[Subscription]) -> list[Result]:
    # In threads, so that a slow webhook does not hold up the others; in copies of the context, so that their log lines
    # have the post's id.
    if len(subscribers) <= 1:
        return [work(each) for each in subscribers]
    with ThreadPoolExecutor(min(MAX_CONCURRENCY, len(subscribers)), thread_name_prefix="alert") as pool:
        return [each.result() for each in [pool.submit(copy_context().run, work, to) for to in subscribers]]


def _summary(failed: Sequence[Failed]) -> TwbotError:
    """Return Temporary while a retry may reach at least one subscriber, else Permanent."""
    words = "; ".join(f"{to.kind} {to.id}: {error}" for to, error in failed)
    transient = [error for _, error in failed if not isinstance(error, Permanent)]
    if not transient:
        return Permanent(words)
    retry_times = [error.retry_at for error in transient if isinstance(error, Temporary)]
    known = [each for each in retry_times if each is not None]
    # None, for the caller's own backoff, unless each of them named a time.
    return Temporary(words, retry_at=min(known) if len(known) == len(transient) else None)
