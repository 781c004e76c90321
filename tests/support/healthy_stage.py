"""A stage under moto with everything in its place, for the tests of what looks at a stage.

Gaps of moto 5.2, each answered in AWS's documented shape (held against botocore's model of the service):
CloudFormation needs packages that we do not install; Lambda has no account settings, and its functions need Docker;
Rekognition knows no celebrities; Logs Insights understands none of our queries; SNS confirms every subscription itself.
"""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from botocore.stub import Stubber

from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.replies.aws import AwsReplies
from twbot.lambdas.egress.permission import Switch
from twbot.lambdas.ports import Keys
from twbot.lambdas.wiring import RULES, services
from twbot.stacks.names import (
    STACKS,
    bus_name,
    dead_letters_name,
    function_name,
    queue_name,
    rule_name,
    stack_name,
)
from twbot.stacks.version import code_version

LONG_AGO = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
ACCOUNT = "123456789012"
ARN = f"arn:aws:{{}}:eu-west-1:{ACCOUNT}:{{}}"
Answer = dict[str, Any] | Callable[[dict[str, Any]], dict[str, Any]]


class Refusal(NamedTuple):
    code: str
    message: str = ""


class HealthyStage:
    """`answers` are what AWS says where moto cannot: change them to break something.

    `found`: what Logs Insights finds, by words of the query.
    """

    def __init__(self, bot: AwsBot, monkeypatch: pytest.MonkeyPatch, *, url: str, keys: Keys | None = None) -> None:
        self.bot, self._clients = bot, dict[str, Any]()
        self._made = AwsBot.client
        self.found: dict[str, list[dict[str, str]]] = {}
        self._queries: list[str] = []
        self._making = threading.RLock()
        self.statuses = dict.fromkeys(STACKS, "CREATE_COMPLETE")
        self.outputs = {
            "ingress": {"WebhookUrl": url},
            "alerting": {"AlertTopicArn": ARN.format("sns", "twbot-prod-alerts")},
            "plumbing": {
                "AlarmTopicArn": ARN.format("sns", "twbot-prod-alarms"),
                "ArchiveName": "Archive",
                "CodeVersion": code_version(),
            },
        }
        feed = {
            "UUID": "5a1f2b3c-0000-4000-8000-000000000000",
            "State": "Enabled",
            "EventSourceArn": ARN.format("sqs", queue_name(bot.config)),
        }
        self.answers: dict[str, Answer | Refusal] = {
            "cloudformation.DescribeStacks": self._stacks,
            "lambda.GetFunctionConfiguration": {"State": "Active", "LastUpdateStatus": "Successful"},
            "lambda.GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 1000}},
            "lambda.ListEventSourceMappings": {"EventSourceMappings": [feed]},
            "rekognition.RecognizeCelebrities": Refusal(
                "InvalidImageFormatException", "Request has invalid image format"
            ),
            "logs.StartQuery": self._start_query,
            "logs.GetQueryResults": self._results,
        }
        stage = self
        monkeypatch.setattr(AwsBot, "client", lambda _, service: stage.client(service))
        self._fill(keys)

    def client(self, service: str) -> Any:
        """The same client each time, so that it can be made to answer."""
        with self._making:
            if service not in self._clients:
                client = self._made(self.bot, service)
                service_id = client.meta.service_model.service_id.hyphenize()
                client.meta.events.register(f"before-call.{service_id}", self._answer)
                self._clients[service] = client
            return self._clients[service]

    def _answer(self, model: Any, params: dict[str, Any], **_: Any) -> Any:
        service = model.service_model.service_name
        said = self.answers.get(f"{service}.{model.name}")
        if said is None:
            return None
        if isinstance(said, Refusal):
            return _Status(400), {"Error": {"Code": said.code, "Message": said.message}}
        answer = said(params) if callable(said) else said
        Stubber(self._clients[service])._validate_operation_response(model.name, answer)  # type: ignore[attr-defined]
        return _Status(200), answer

    def _stacks(self, params: dict[str, Any]) -> dict[str, Any]:
        """All, or the one that is asked for."""
        only = params["body"].get("StackName")
        return {
            "Stacks": [
                {
                    "StackName": stack_name(self.bot.config, service),
                    "CreationTime": LONG_AGO,
                    "StackStatus": status,
                    "Outputs": [
                        {"OutputKey": key, "OutputValue": value} for key, value in self.outputs.get(service, {}).items()
                    ],
                }
                for service, status in self.statuses.items()
                if only in (None, stack_name(self.bot.config, service))
            ]
        }

    def _start_query(self, params: dict[str, Any]) -> dict[str, Any]:
        with self._making:
            self._queries.append(json.loads(params["body"])["queryString"])
            return {"queryId": str(len(self._queries) - 1)}

    def _results(self, params: dict[str, Any]) -> dict[str, Any]:
        query = self._queries[int(json.loads(params["body"])["queryId"])]
        rows = next((rows for words, rows in self.found.items() if words in query), [])
        told = [[{"field": name, "value": value} for name, value in row.items()] for row in rows]
        return {"status": "Complete", "results": told}

    def _fill(self, keys: Keys | None) -> None:
        stage = self.bot.config
        if keys is not None:
            self.bot.secrets().save(keys)
        events = self.client("events")
        bus = events.create_event_bus(Name=bus_name(stage))["EventBusArn"]
        for rule in RULES:
            name = rule_name(stage, rule.name)
            events.put_rule(Name=name, EventBusName=bus_name(stage), EventPattern=json.dumps(rule.pattern))
        events.create_archive(ArchiveName="Archive", EventSourceArn=bus, RetentionDays=30)
        for name in (queue_name(stage), *(dead_letters_name(stage, service) for service in services())):
            self.client("sqs").create_queue(QueueName=name)
        for name in ("alerts", "alarms"):
            topic = self.client("sns").create_topic(Name=f"twbot-prod-{name}")["TopicArn"]
            self.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="someone@example.com")
        self.alarm("replies-wait", "OK")

    def alarm(self, name: str, state: str) -> None:
        client, called = self.client("cloudwatch"), f"twbot-prod-{name}"
        client.put_metric_alarm(
            AlarmName=called,
            AlarmDescription="X makes replies wait, or is down.",
            Namespace="AWS/SQS",
            MetricName="ApproximateAgeOfOldestMessage",
            Statistic="Maximum",
            Period=300,
            EvaluationPeriods=3,
            Threshold=900,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )
        client.set_alarm_state(AlarmName=called, StateValue=state, StateReason="a test")

    def dead_letter(self, service: str) -> None:
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=dead_letters_name(self.bot.config, service))["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="{}")

    def queued(self, *messages: str) -> None:
        """Replies that wait to be sent."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=queue_name(self.bot.config))["QueueUrl"]
        for message in messages:
            sqs.send_message(QueueUrl=url, MessageBody=message)

    def counted(self, namespace: str, name: str, at: float, value: float = 1.0, **where: str) -> None:
        """As CloudWatch counts; moto knows nothing of metric filters, API Gateway's and Lambda's metrics."""
        dimensions = [{"Name": key, "Value": said} for key, said in where.items()]
        data = {"MetricName": name, "Timestamp": at, "Value": value, "Dimensions": dimensions}
        self.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[data])

    def let_reply(self, switch: Switch) -> None:
        """Operators' switch of replies, in the table that egress asks."""
        self.outputs["egress"] = {"RepliesTableName": "Replies"}
        id_ = {"AttributeName": "id"}
        self.client("dynamodb").create_table(
            TableName="Replies",
            KeySchema=[{**id_, "KeyType": "HASH"}],
            AttributeDefinitions=[{**id_, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        AwsReplies(self.bot).save(switch)

    def fails(self, name: str) -> None:
        """One function cannot be started."""

        def answer(params: dict[str, Any]) -> dict[str, Any]:
            mine = params["url_path"].endswith(f"/{function_name(self.bot.config, name)}/configuration")
            return {"State": "Failed", "StateReason": "no role"} if mine else {"State": "Active"}

        self.answers["lambda.GetFunctionConfiguration"] = answer


class _Status(NamedTuple):
    """What botocore asks of an HTTP answer."""

    status_code: int
