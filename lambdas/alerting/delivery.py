"""Delivers each alert once to each subscriber. A failure of one does not affect the others.

A replay tells nobody of a post whose alert was raised before: docs/decisions/0016-a-post-alerts-once.md
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Generic, Protocol, TypeVar

from aws_lambda_powertools.utilities.idempotency import BasePersistenceLayer, IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyItemNotFoundError,
    IdempotencyPersistenceLayerError,
)

from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.alerting.subscription import Subscription
from twbot.lambdas.errors import Permanent, Temporary, TwbotError

MAX_CONCURRENCY = 8
# Seconds until another attempt at the same delivery has likely ended.
RETRY_AFTER = 15
# Never renamed: who was told before must not be told again.
KEY_PREFIX = "alert"

log = logging.getLogger(__name__)


class Recipient(Protocol):
    """Whoever gets an alert by one request: a subscriber, or the topic of all that SNS tells."""

    @property
    def id(self) -> str: ...

    @property
    def kind(self) -> str: ...


To = TypeVar("To", bound=Recipient)
Result = TypeVar("Result")
Send = Callable[[To, Alert], None]
Failed = tuple[Recipient, TwbotError]


class Outcomes(Protocol):
    """The store of the last result of each subscriber."""

    def record(self, subscriber: str, problem: str | None) -> None:
        """Store the result of the last attempt; `problem` is None for a success.

        Never raises: the delivery is over, and a repetition would send the alert twice.
        """


class Notifier(Generic[To]):
    """Delivers an alert to its recipients.

    channel: the group of recipients that this one serves, by a name that stays
    idempotency_store: remembers what raised which alert, and which recipient has received it
    config: says how long an attempt that died halfway blocks the next one
    """

    def __init__(
        self, channel: str, send: Send[To], idempotency_store: BasePersistenceLayer, config: IdempotencyConfig
    ) -> None:
        self._channel, self._send = channel, send

        def once(work: Callable[..., Result]) -> Callable[..., Result]:
            decorated: Callable[..., Result] = idempotent_function(
                work,
                data_keyword_argument="key",
                persistence_store=idempotency_store,
                config=config,
                key_prefix=KEY_PREFIX,
            )
            return decorated

        # One key for each alert and recipient, so that a retry of the event reaches only those who did not get it:
        # docs/decisions/0006-who-hears-of-alerts-is-no-setting.md
        self._try_once = once(self._try)
        self._raise_once = once(_raise)

    def notify(self, alert: Alert, recipients: Sequence[To], *, replay: str | None) -> None:
        """Deliver the alert. Raises Temporary or Permanent if a recipient could not be reached.

        `replay`: the name of the replay that brought the event. It tells people only where it raised the alert itself.
        """
        raised_by = self._raised_by(alert, replay)
        if replay is not None and raised_by != replay:
            return
        failed = [each for each in _side_by_side(lambda to: self._notify(to, alert), recipients) if each is not None]
        if failed:
            raise _summary(failed)

    def _raised_by(self, alert: Alert, replay: str | None) -> str:
        """Note what raises the alert, unless that is noted. Return it: the name of a replay, or "". Raises Temporary.

        Noted also where nobody has subscribed: who subscribes later must not be flooded by a replay of old posts.
        """
        try:
            # A key for each channel: two that run side by side would find the other's in progress.
            return self._raise_once(key=_raised_key(alert.tweet_id, self._channel), by=replay or "")
        except IdempotencyAlreadyInProgressError:
            retry_at = time.time() + RETRY_AFTER
            raise Temporary(f"{self._channel}: the alert is being raised already.", retry_at=retry_at) from None
        except IdempotencyPersistenceLayerError as error:
            raise Temporary(f"{self._channel}: cannot note that the alert is raised: {error}") from None

    def _notify(self, to: To, alert: Alert) -> Failed | None:
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

    def _try(self, *, key: str, to: To, alert: Alert) -> None:  # noqa: ARG002 - Powertools reads the key
        try:
            self._send(to, alert)
        except TwbotError as error:
            log.error("an alert did not arrive", extra={"subscriber": to.id, "kind": to.kind, "reason": str(error)})
            raise


def raised_by(tweet_id: str, channel: str, idempotency_store: BasePersistenceLayer) -> str | None:
    """Return what raised an alert for a channel: the name of a replay, "" for no replay; None where nothing did.

    `tweet_id`: as in Alert. Raises what the store raises.
    """
    idempotency_store.configure(IdempotencyConfig(), key_prefix=KEY_PREFIX)
    try:
        # Powertools takes any JSON: https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/
        key: Any = _raised_key(tweet_id, channel)
        found = idempotency_store.get_record(key)
    except IdempotencyItemNotFoundError:
        return None
    return None if found is None else json.loads(found.response_data)


def _raised_key(tweet_id: str, channel: str) -> str:
    return f"{tweet_id}:raised:{channel}"


def recording(send: Send[Subscription], outcomes: Outcomes) -> Send[Subscription]:
    """Return `send` so that it stores the result of each delivery."""

    def attempt(to: Subscription, alert: Alert) -> None:
        try:
            send(to, alert)
        except TwbotError as error:
            outcomes.record(to.id, str(error))
            raise
        outcomes.record(to.id, None)

    return attempt


def send_test_alerts(
    send: Send[Subscription], outcomes: Outcomes, alert: Alert, subscribers: Sequence[Subscription]
) -> list[str | None]:
    """Send the alert without deduplication. Return the problem of each subscriber, None for a success."""

    attempt = recording(send, outcomes)

    def problem(to: Subscription) -> str | None:
        try:
            attempt(to, alert)
        except TwbotError as error:
            return str(error)
        return None

    return _side_by_side(problem, subscribers)


def _raise(*, key: str, by: str) -> str:  # noqa: ARG001 - Powertools reads the key
    return by


def _side_by_side(work: Callable[[To], Result], recipients: Sequence[To]) -> list[Result]:
    # In threads, so that a slow webhook does not hold up the others; in copies of the context, so that their log lines
    # have the post's id.
    if len(recipients) <= 1:
        return [work(each) for each in recipients]
    with ThreadPoolExecutor(min(MAX_CONCURRENCY, len(recipients)), thread_name_prefix="alert") as pool:
        return [each.result() for each in [pool.submit(copy_context().run, work, to) for to in recipients]]


def _summary(failed: Sequence[Failed]) -> TwbotError:
    """Return Temporary while a retry may reach at least one subscriber, else Permanent."""
    words = "; ".join(f"{' '.join(dict.fromkeys((to.kind, to.id)))}: {error}" for to, error in failed)
    transient = [error for _, error in failed if not isinstance(error, Permanent)]
    if not transient:
        return Permanent(words)
    retry_times = [error.retry_at for error in transient if isinstance(error, Temporary)]
    known = [each for each in retry_times if each is not None]
    # None, for the caller's own backoff, unless each of them named a time.
    return Temporary(words, retry_at=min(known) if len(known) == len(transient) else None)
