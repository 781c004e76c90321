"""Publishes an alert for a MESSAGE_ANALYSED that raises one, as EventBridge delivers it, to the alert topic.

A function rather than the rule itself, so that a post's alert is published once, however often its events come:
docs/decisions/0016-a-post-alerts-once.md
"""

from __future__ import annotations

import functools
import os
from typing import Any

import msgspec

from twbot.lambdas.alerting.alert import alert_for, replay_of
from twbot.lambdas.alerting.delivery import Notifier
from twbot.lambdas.aws.alert_topic import AlertTopic
from twbot.lambdas.aws.clients import client
from twbot.lambdas.aws.idempotency import idempotency_config, idempotency_store
from twbot.lambdas.aws.invocation import Json, entry_point, tweet_of_event
from twbot.lambdas.contracts import decode_event

_config = idempotency_config()


@functools.cache
def topic() -> AlertTopic:
    return AlertTopic(client("sns"), os.environ["TOPIC_ARN"])


@functools.cache
def notifier() -> Notifier[AlertTopic]:
    store = idempotency_store(os.environ["DELIVERIES_TABLE"])
    return Notifier("topic", lambda topic, alert: topic.publish(alert), store, _config)


@entry_point(tweet_of_event)
def handler(event: Json, context: Any) -> None:
    """Publish the alert. Raises BadEvent or Temporary: Lambda retries, and then the event becomes a dead letter."""
    analysed = decode_event(msgspec.json.encode(event))
    _config.register_lambda_context(context)
    notifier().notify(alert_for(analysed), [topic()], replay=replay_of(analysed))
