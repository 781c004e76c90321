"""Who hears of a stage's alerts: the topic's subscribers (email, SMS, https), and the chats of its notify function."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterable, Iterator
from typing import Any

from twbot.cli.operations.alerts.aws_webhooks import AwsWebhooks
from twbot.cli.operations.alerts.records import Subscriber, Tested
from twbot.cli.operations.aws_errors import AwsError
from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.alerting.alert import Alert, alert_for, sample_alert
from twbot.lambdas.alerting.subscription import CHATS, Subscription, masked, subscriber_id
from twbot.lambdas.contracts import MessageAnalysed, decode_event, read
from twbot.lambdas.errors import BadEvent, TwbotError
from twbot.stacks.names import event_log_name

PENDING = "PendingConfirmation"
MAX_AGE = datetime.timedelta(days=7)
NEGATIVE = '{ $.detail-type = "MESSAGE_ANALYSED" && $.detail.Analysis.TextSentiment = "NEGATIVE" }'
UNCONFIRMED = "It has not confirmed yet."


class AwsAlerts:
    """Raises AwsProblem, NotDeployed."""

    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot
        self._chats = AwsWebhooks(bot)

    def subscribers(self) -> list[Subscriber]:
        return [*map(self._shown, self._of_topic()), *self._chats.subscribers()]

    def subscribe(self, wanted: Subscription) -> Subscriber:
        if wanted.smtp is not None:
            raise TwbotError("SNS sends a stage's email: --smtp is for the bot of this machine.")
        if wanted.kind in CHATS:
            return self._chats.add(wanted)
        if wanted.kind == "sms":
            self._check_phone(wanted.address)
        asked = {"TopicArn": self._topic, "Protocol": wanted.kind, "Endpoint": wanted.address}
        arn = self._sns("subscribe", **asked)["SubscriptionArn"]
        return self._shown({**asked, "SubscriptionArn": arn if arn.startswith("arn:") else PENDING})

    def remove(self, subscriber: Subscriber) -> None:
        """A subscription that waits for its confirmation can't be taken back: SNS forgets it after two days."""
        if subscriber.kind in CHATS:
            self._chats.remove(subscriber.id)
            return
        if subscriber.declared:
            hint = f"Take it out of alerts in [stages.{self._bot.name}.aws], then: twbot deploy"
            raise AwsError("twbot.toml subscribes this address.", f"{hint} --stage {self._bot.name}")
        if subscriber.state == "pending":
            raise AwsError(UNCONFIRMED, "Without a confirmation SNS forgets it by itself after two days")
        for each in self._of_topic():
            if _id(each) == subscriber.id:
                self._sns("unsubscribe", SubscriptionArn=each["SubscriptionArn"])

    def test(self, only: str | None = None) -> list[Tested]:
        """SNS tells all its subscribers at once; the notify function itself tells the chats."""
        chosen = [each for each in self.subscribers() if only in (None, each.id)]
        of_topic = [each for each in chosen if each.kind not in CHATS]
        if only is not None and of_topic:
            hint = f"Tell all: twbot alerts test --stage {self._bot.name}"
            raise AwsError("SNS tells its subscribers (email, SMS, https) all at once, not one of them.", hint)
        if any(each.state == "active" for each in of_topic):
            told = sample_alert(datetime.datetime.now(datetime.UTC))
            self._sns("publish", TopicArn=self._topic, Subject=told.subject, Message=told.body)
        problems = self._chats.test(only) if len(of_topic) < len(chosen) else {}
        problems |= {each.id: UNCONFIRMED for each in of_topic if each.state == "pending"}
        return [
            Tested(id=each.id, kind=each.kind, address=each.address, problem=problems.get(each.id)) for each in chosen
        ]

    def raised(self, limit: int, since: datetime.datetime | None = None) -> list[Alert]:
        """The newest first, of the last week unless it says since when, from the log of every event."""
        start = since or datetime.datetime.now(datetime.UTC) - MAX_AGE
        asked = {"logGroupName": event_log_name(self._bot.config), "filterPattern": NEGATIVE}
        with self._bot.translate_errors():
            pages = self._bot.client("logs").get_paginator("filter_log_events")
            found = pages.paginate(**asked, startTime=int(start.timestamp() * 1000))
            lines = [line["message"] for page in found for line in page["events"]]
        alerts = {alert.tweet_id: alert for alert in _alerts(lines)}
        return sorted(alerts.values(), key=lambda each: (each.time, each.tweet_id), reverse=True)[:limit]

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
        if self._sns("check_if_phone_number_is_opted_out", phoneNumber=number)["isOptedOut"]:
            hint = "Its owner can text START, or: aws sns opt-in-phone-number (once in 30 days)"
            raise AwsError("This phone has opted out of messages from this account.", hint)

    def _shown(self, found: dict[str, str]) -> Subscriber:
        return Subscriber(
            id=_id(found),
            kind=found["Protocol"],
            address=masked(found["Protocol"], found["Endpoint"]),
            state="pending" if found["SubscriptionArn"] == PENDING else "active",
            declared=found["Endpoint"] in self._bot.config.aws.alerts,
        )


def _id(found: dict[str, str]) -> str:
    return subscriber_id(found["Protocol"], found["Endpoint"])


def _alerts(lines: Iterable[str]) -> Iterator[Alert]:
    """What the log's filter found, less what only looks like it."""
    for line in lines:
        try:
            event = decode_event(line)
            if read(event.detail, MessageAnalysed).analysis.text_sentiment == "NEGATIVE":
                yield alert_for(event)
        except BadEvent:
            continue
