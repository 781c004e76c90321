"""Sends an alert for a MESSAGE_ANALYSED that raises one, as EventBridge delivers it, to Slack and Discord.

`twbot alerts test` invokes it with {"Test": "1a2b3c4d"} for one subscriber, {"Test": null} for all.
"""

from __future__ import annotations

import datetime
import functools
import os
from typing import Any

import msgspec

from twbot.lambdas.alerting.alert import alert_for, replay_of, sample_alert
from twbot.lambdas.alerting.delivery import Notifier, recording, send_test_alerts
from twbot.lambdas.alerting.subscription import Subscription
from twbot.lambdas.alerting.webhooks import Webhooks
from twbot.lambdas.aws.alert_addresses import AlertAddresses
from twbot.lambdas.aws.alert_outcomes import AlertOutcomes
from twbot.lambdas.aws.clients import client
from twbot.lambdas.aws.idempotency import idempotency_config, idempotency_store
from twbot.lambdas.aws.invocation import Json, entry_point, tweet_of_event
from twbot.lambdas.contracts import decode_event

_config = idempotency_config()


@functools.cache
def addresses() -> AlertAddresses:
    return AlertAddresses(client("ssm"), os.environ["ADDRESSES_PARAMETER"])


@functools.cache
def outcomes() -> AlertOutcomes:
    return AlertOutcomes(client("dynamodb"), os.environ["DELIVERIES_TABLE"])


@functools.cache
def notifier() -> Notifier[Subscription]:
    send = recording(Webhooks().send, outcomes())
    return Notifier("chats", send, idempotency_store(os.environ["DELIVERIES_TABLE"]), _config)


@entry_point(tweet_of_event)
def handler(event: Json, context: Any) -> Any:
    """Send the alert, or the test.

    Raises BadEvent, Temporary or Permanent: Lambda retries, and then the event becomes a dead letter.
    """
    if "Test" in event:
        return _test(event["Test"])
    analysed = decode_event(msgspec.json.encode(event))
    _config.register_lambda_context(context)
    notifier().notify(alert_for(analysed), addresses().subscriptions(), replay=replay_of(analysed))
    return None


def _test(only: str | None) -> list[Json]:
    # Read again, so that a subscription of a moment ago is tested, too.
    chosen = [each for each in addresses().refresh() if only in (None, each.id)]
    alert = sample_alert(datetime.datetime.now(datetime.UTC))
    problems = send_test_alerts(Webhooks().send, outcomes(), alert, chosen)
    return [{"Id": each.id, "Problem": problem} for each, problem in zip(chosen, problems, strict=True)]
