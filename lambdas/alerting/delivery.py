"""Telling everybody who subscribed, each of each alert once: who fails keeps it from nobody else."""

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
RETRY_AFTER = 15
Send = Callable[[Subscription, Alert], None]
Failed = tuple[Subscription, TwbotError]
Result = TypeVar("Result")

log = logging.getLogger(__name__)


class Outcomes(Protocol):
    def record(self, subscriber: str, problem: str | None) -> None:
        """How the last try ended, by the subscriber's id. Never raises: the alert went out, or did not, already."""


class Notifier:
    """`once` keeps who has which alert; `config` says how long a try that died halfway blocks the next."""

    def __init__(self, send: Send, outcomes: Outcomes, once: BasePersistenceLayer, config: IdempotencyConfig) -> None:
        self._send, self._outcomes = send, outcomes
        decorated = idempotent_function(
            self._try, data_keyword_argument="key", persistence_store=once, config=config, key_prefix="alert"
        )
        self._try_once: Callable[..., None] = decorated

    def notify(self, alert: Alert, subscribers: Sequence[Subscription]) -> None:
        """Raises Temporary or Permanent where somebody was not reached; whoever was is not told again."""
        failed = [each for each in _side_by_side(lambda to: self._notify(to, alert), subscribers) if each is not None]
        if failed:
            raise _summary(failed)

    def _notify(self, to: Subscription, alert: Alert) -> Failed | None:
        try:
            self._try_once(key=f"{alert.tweet_id}:{to.id}", to=to, alert=alert)
        except IdempotencyAlreadyInProgressError:
            return to, Temporary("It is being told already.", retry_at=time.time() + RETRY_AFTER)
        except IdempotencyPersistenceLayerError as error:
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
    """Tell them whatever they have; what went wrong with each, None where nothing did."""

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
    """What is logged there is about the same post."""
    if len(subscribers) <= 1:
        return [work(each) for each in subscribers]
    with ThreadPoolExecutor(min(MAX_CONCURRENCY, len(subscribers)), thread_name_prefix="alert") as pool:
        return [each.result() for each in [pool.submit(copy_context().run, work, to) for to in subscribers]]


def _summary(failed: Sequence[Failed]) -> TwbotError:
    """Temporary as long as trying again may help somebody; then for good, and the alert is a dead letter."""
    words = "; ".join(f"{to.kind} {to.id}: {error}" for to, error in failed)
    passing = [error for _, error in failed if not isinstance(error, Permanent)]
    if not passing:
        return Permanent(words)
    asked = [error.retry_at for error in passing if isinstance(error, Temporary)]
    known = [each for each in asked if each is not None]
    return Temporary(words, retry_at=min(known) if len(known) == len(passing) else None)
