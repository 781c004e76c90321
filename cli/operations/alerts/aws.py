"""The subscribers of a stage's alerts: those of its topic (email, SMS, https), and the chats of its notify function."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterable, Iterator
from typing import Any

from twbot.cli.operations.alerts.aws_webhooks import AwsWebhooks
from twbot.cli.operations.alerts.records import Subscriber, Tested
from twbot.cli.operations.aws_errors import AwsError
from twbot.cli.operations.aws_rules import alerting_rule, raises_alert
from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.alerting.alert import Alert, alert_for, replay_of, sample_alert
from twbot.lambdas.alerting.delivery import raised_by
from twbot.lambdas.alerting.subscription import CHATS, Subscription, masked, subscriber_id
from twbot.lambdas.contracts import Event, decode_event
from twbot.lambdas.errors import BadEvent, TwbotError
from twbot.lambdas.wiring import NEGATIVE
from twbot.stacks.names import event_log_name

# What SNS lists instead of an ARN until the subscriber has confirmed.
# https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
PENDING = "PendingConfirmation"
MAX_AGE = datetime.timedelta(days=7)
# The rule `alert-on-negative` in the language of CloudWatch Logs, as far as that goes: what a folder's [alerts] ask for
# is matched here. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
_ANALYSED = '$.detail-type = "MESSAGE_ANALYSED"'
_NEGATIVE = f'{_ANALYSED} && $.detail.Analysis.TextSentiment = "NEGATIVE"'
# X lets a post be edited for an hour, and what it had not sent at first comes earlier: its alert was raised by then.
# https://docs.x.com/x-api/fundamentals/edit-posts
EDITABLE = datetime.timedelta(hours=2)
UNCONFIRMED = "It has not confirmed yet."


class AwsAlerts:
    """The alerts of a stage. Raises AwsError, NotDeployed."""

    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot
        self._chats = AwsWebhooks(bot)

    def subscribers(self) -> list[Subscriber]:
        return [*map(self._subscriber, self._of_topic()), *self._chats.subscribers()]

    def subscribe(self, subscription: Subscription) -> Subscriber:
        if subscription.smtp is not None:
            raise TwbotError("SNS sends a stage's email: --smtp is for the bot of this machine.")
        if subscription.kind in CHATS:  # SNS can't write what they expect (docs/decisions/0006)
            return self._chats.add(subscription)
        if subscription.kind == "sms":
            self._check_phone(subscription.address)
        parameters = {"TopicArn": self._topic, "Protocol": subscription.kind, "Endpoint": subscription.address}
        arn = self._sns("subscribe", **parameters)["SubscriptionArn"]
        # Subscribe answers "pending confirmation", the list "PendingConfirmation".
        # https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
        return self._subscriber({**parameters, "SubscriptionArn": arn if arn.startswith("arn:") else PENDING})

    def remove(self, subscriber: Subscriber) -> None:
        """Unsubscribe. Raises AwsError for a subscriber of twbot.toml, and for one that has not confirmed."""
        if subscriber.kind in CHATS:
            self._chats.remove(subscriber.id)
            return
        if subscriber.declared:
            hint = f"Take it out of alerts in [stages.{self._bot.name}.aws], then: twbot deploy"
            raise AwsError("twbot.toml subscribes this address.", f"{hint} --stage {self._bot.name}")
        # SNS can't remove a subscription without its ARN, and drops it by itself after 48 hours.
        # https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html
        if subscriber.state == "pending":
            raise AwsError(UNCONFIRMED, "Without a confirmation SNS forgets it by itself after two days")
        for each in self._of_topic():
            if _id(each) == subscriber.id:
                self._sns("unsubscribe", SubscriptionArn=each["SubscriptionArn"])

    def test(self, only: str | None = None) -> list[Tested]:
        """Publish a sample alert to all the topic's subscribers, and have the notify function send it to the chats."""
        chosen = [each for each in self.subscribers() if only in (None, each.id)]
        of_topic = [each for each in chosen if each.kind not in CHATS]
        if only is not None and of_topic:
            hint = f"Tell all: twbot alerts test --stage {self._bot.name}"
            raise AwsError("SNS tells its subscribers (email, SMS, https) all at once, not one of them.", hint)
        if any(each.state == "active" for each in of_topic):
            alert = sample_alert(datetime.datetime.now(datetime.UTC))
            self._sns("publish", TopicArn=self._topic, Subject=alert.subject, Message=alert.body)
        problems = self._chats.test(only) if len(of_topic) < len(chosen) else {}
        problems |= {each.id: UNCONFIRMED for each in of_topic if each.state == "pending"}
        return [
            Tested(id=each.id, kind=each.kind, address=each.address, problem=problems.get(each.id)) for each in chosen
        ]

    def raised(self, limit: int, since: datetime.datetime | None = None) -> list[Alert]:
        """Return the newest alerts first, from the log of every event. Without `since`: those of the last week."""
        start = since or datetime.datetime.now(datetime.UTC) - MAX_AGE
        first: dict[str, Alert] = {}
        for alert in sorted(self._logged(start - EDITABLE), key=_age):
            first.setdefault(alert.tweet_id, alert)
        wanted = [each for each in first.values() if since is None or _age(each)[0] >= since]
        return sorted(wanted, key=_age, reverse=True)[:limit]

    def _logged(self, start: datetime.datetime) -> Iterator[Alert]:
        """Yield the alerts of the log: those of a post that was edited or delivered twice more than once."""
        group = event_log_name(self._bot.config)
        with self._bot.translate_errors():
            pages = self._bot.client("logs").get_paginator("filter_log_events")
            found = pages.paginate(logGroupName=group, filterPattern=_filter(), startTime=int(start.timestamp() * 1000))
            lines = [line["message"] for page in found for line in page["events"]]
        for event, alert in _alerts(lines):
            replay = replay_of(event)
            if replay is None or self._raised_by(alert) == replay:
                yield alert

    def _raised_by(self, alert: Alert) -> str | None:
        """Return the replay that raised an alert of the topic; "" for none, None where that is not known."""
        # Here, because most commands need no Powertools.
        from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

        table, client = self._bot.output("alerting", "ToldTableName"), self._bot.client("dynamodb")
        with self._bot.translate_errors():
            return raised_by(alert.tweet_id, "topic", DynamoDBPersistenceLayer(table, boto3_client=client))

    @functools.cached_property
    def _topic(self) -> str:
        return self._bot.output("alerting", "AlertTopicArn")

    @functools.cached_property
    def _client(self) -> Any:
        return self._bot.client("sns")

    def _of_topic(self) -> list[dict[str, str]]:
        topic = self._topic
        with self._bot.translate_errors():
            pages = self._client.get_paginator("list_subscriptions_by_topic")
            return [each for page in pages.paginate(TopicArn=topic) for each in page["Subscriptions"]]

    def _sns(self, call: str, **parameters: Any) -> Any:
        with self._bot.translate_errors():
            return getattr(self._client, call)(**parameters)

    def _check_phone(self, number: str) -> None:
        # SNS sends nothing to a number whose owner has texted STOP.
        # https://docs.aws.amazon.com/sns/latest/api/API_CheckIfPhoneNumberIsOptedOut.html
        if self._sns("check_if_phone_number_is_opted_out", phoneNumber=number)["isOptedOut"]:
            hint = "Its owner can text START, or: aws sns opt-in-phone-number (once in 30 days)"
            raise AwsError("This phone has opted out of messages from this account.", hint)

    def _subscriber(self, found: dict[str, str]) -> Subscriber:
        return Subscriber(
            id=_id(found),
            kind=found["Protocol"],
            address=masked(found["Protocol"], found["Endpoint"]),
            state="pending" if found["SubscriptionArn"] == PENDING else "active",
            declared=found["Endpoint"] in self._bot.config.aws.alerts,
        )


def _filter() -> str:
    condition = _NEGATIVE if alerting_rule().pattern == NEGATIVE else _ANALYSED
    return f"{{ {condition} }}"


def _id(found: dict[str, str]) -> str:
    return subscriber_id(found["Protocol"], found["Endpoint"])


def _age(alert: Alert) -> tuple[datetime.datetime, str]:
    return datetime.datetime.fromisoformat(alert.time), alert.tweet_id


def _alerts(lines: Iterable[str]) -> Iterator[tuple[Event, Alert]]:
    """Yield the events and alerts of the lines that the filter found; a line that is no such event is left out."""
    for line in lines:
        try:
            event = decode_event(line)
            if raises_alert(event):
                yield event, alert_for(event)
        except BadEvent:
            continue
