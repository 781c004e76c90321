"""The bot of this machine and a stage on AWS, as far as alerts go: the same questions to both.

moto subscribes to topics and keeps parameters. It has no outputs of stacks here (its CloudFormation needs packages that
we don't install), runs no function of ours (it would take Docker) and ignores the filter of a log: outputs are given,
and the function's handler runs in this process.
"""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any, Protocol

import boto3
import msgspec
import pytest

from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.contracts import Event
from twbot.local.adapters.alerts import Alerts
from twbot.local.data_folder import DataFolder

TOML = """
[stages.prod.aws]
twitter_account_id = "7"
region = "eu-west-1"
alerts = ["boss@example.org"]
"""


def angry(tweet_id: str = "12", time: str = "2026-11-23T10:00:00Z") -> Event:
    detail = {
        "Text": "I hate <!channel> this",
        "Author": "alice",
        "Summoned": True,
        "Twitter": {"TweetId": tweet_id, "UserId": "7"},
        "Analysis": {"TextSentiment": "NEGATIVE", "SentimentScore": {"Negative": 0.93}},
    }
    return Event(id="1", source="BOT", time=time, detail=detail, detail_type="MESSAGE_ANALYSED")


class Desk(Protocol):
    """`options` of a command for this bot, and what hints for it end with."""

    options: tuple[str, ...]
    option: str

    def raise_alert(self, event: Event) -> None:
        """What the rules' targets do with a MESSAGE_ANALYSED."""


class LocalDesk:
    option = ""

    def __init__(self, folder: Path) -> None:
        self._home = DataFolder(folder / "data")
        self.options: tuple[str, ...] = ("--data", str(self._home.folder))
        self._home.folder.mkdir(exist_ok=True)

    def raise_alert(self, event: Event) -> None:
        alerts = Alerts(self._home)
        try:
            alerts.handle(event)
            alerts.notify(event)
        finally:
            alerts.close()


class Context:
    function_name = "twbot-prod-tested"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:twbot-prod-tested"
    aws_request_id = "11111111-2222-3333-4444-555555555555"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


class AwsDesk:
    """Use it within moto's mock_aws."""

    option = " --stage prod"
    options: tuple[str, ...] = ("--stage", "prod")

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "twbot.toml").write_text(TOML)
        monkeypatch.chdir(folder)
        self.topic = self.client("sns").create_topic(Name="twbot-prod-alerts")["TopicArn"]
        self.client("dynamodb").create_table(
            TableName="told",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        logs = self.client("logs")
        logs.create_log_group(logGroupName="/aws/events/twbot-prod")
        logs.create_log_stream(logGroupName="/aws/events/twbot-prod", logStreamName="s")
        outputs = {("alerting", "AlertTopicArn"): self.topic, ("alerting", "ToldTableName"): "told"}
        monkeypatch.setattr(AwsBot, "output", lambda _, service, name: outputs[service, name])
        # One session for all commands: making one reads megabytes.
        monkeypatch.setattr(AwsBot, "client", lambda _, name: self if name == "lambda" else self.client(name))
        told = {"ADDRESSES_PARAMETER": "/twbot/prod/alert-addresses", "DELIVERIES_TABLE": "told"}
        told["TOPIC_ARN"] = self.topic
        for name, value in {**told, "AWS_DEFAULT_REGION": "eu-west-1", "POWERTOOLS_SERVICE_NAME": "alerting"}.items():
            monkeypatch.setenv(name, value)
        new_container()

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, region_name="eu-west-1")

    def raise_alert(self, event: Event) -> None:
        from twbot.lambdas.aws.handlers import alert, notify

        written = msgspec.to_builtins(event)
        self.log(written)
        alert.handler(written, Context())
        notify.handler(written, Context())

    def log(self, written: object) -> None:
        """As the rule that takes every event does."""
        line = {"timestamp": int(time.time() * 1000), "message": json.dumps(written)}
        self.client("logs").put_log_events(logGroupName="/aws/events/twbot-prod", logStreamName="s", logEvents=[line])

    def invoke(self, **asked: Any) -> dict[str, Any]:
        """As Lambda answers, also of a function that fails."""
        from twbot.lambdas.aws.handlers.notify import handler

        assert asked["FunctionName"] == "twbot-prod-notify"
        try:
            answer, failed = handler(json.loads(asked["Payload"]), Context()), {}
        except Exception as error:
            answer = {"errorMessage": str(error), "errorType": type(error).__name__}
            failed = {"FunctionError": "Unhandled"}
        return {"Payload": io.BytesIO(json.dumps(answer).encode()), **failed}


def new_container() -> None:
    """The functions forget what they read."""
    from twbot.lambdas.aws.clients import client
    from twbot.lambdas.aws.handlers import alert, notify

    for made in (alert.topic, alert.notifier, notify.addresses, notify.outcomes, notify.notifier, client):
        made.cache_clear()
