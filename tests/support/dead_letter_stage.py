"""A stage's rules, their targets and the dead-letter queues under moto, with dead letters as AWS makes them."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.contracts import Event
from twbot.lambdas.wiring import RULES, services
from twbot.stacks.names import (
    bus_name,
    dead_letters_name,
    event_log_name,
    function_name,
    queue_name,
    rule_name,
)

ACCOUNT = "123456789012"
HERE = f"eu-west-1:{ACCOUNT}"
FUNCTIONS = {
    "complete-function": "complete",
    "image-function": "image",
    "text-function": "text",
    "topic": "alert",
    "notify-function": "notify",
}


class LetterStage:
    """`stage`'s targets keep what they get: see `taken`."""

    def __init__(self, bot: AwsBot) -> None:
        self.bot, self.sqs = bot, bot.client("sqs")
        for service in services():
            self.sqs.create_queue(QueueName=dead_letters_name(bot.config, service))
        self.targets = {
            "tweet-queue": self._queue(),
            "event-log": self._log_group(),
            "workflow": self._workflow(),
            "lake": self._stream(),
            **{target: self._function(name) for target, name in FUNCTIONS.items()},
        }
        events = bot.client("events")
        events.create_event_bus(Name=bus_name(bot.config))
        for rule in RULES:
            name = rule_name(bot.config, rule.name)
            bus = {"EventBusName": bus_name(bot.config)}
            events.put_rule(Name=name, EventPattern=json.dumps(rule.pattern), **bus)
            events.put_targets(Rule=name, Targets=[{"Id": rule.target, "Arn": self.targets[rule.target]}], **bus)

    def url(self, service: str) -> str:
        return str(self.sqs.get_queue_url(QueueName=dead_letters_name(self.bot.config, service))["QueueUrl"])

    def bury(self, service: str, body: str, **attributes: str) -> str:
        """A message with these attributes; its id."""
        typed = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        sent = self.sqs.send_message(QueueUrl=self.url(service), MessageBody=body, MessageAttributes=typed)
        return str(sent["MessageId"])

    def undelivered(self, rule: str, event: Event) -> str:
        """As EventBridge does it."""
        wired = next(each for each in RULES if each.name == rule)
        bus = bus_name(self.bot.config)
        attributes = {
            "RULE_ARN": f"arn:aws:events:{HERE}:rule/{bus}/{rule_name(self.bot.config, rule)}",
            "TARGET_ARN": self.targets[wired.target],
            "ERROR_CODE": "NO_PERMISSIONS",
            "ERROR_MESSAGE": "not authorized",
            "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
            "RETRY_ATTEMPTS": "24",
        }
        return self.bury(wired.service, msgspec.json.encode(event).decode(), **attributes)

    def failed(self, service: str, event: Event, error: str = "boom") -> str:
        """As Lambda does it, of an asynchronous call."""
        attributes = {"RequestID": "e4b46cbf", "ErrorCode": "200", "ErrorMessage": error}
        return self.bury(service, msgspec.json.encode(event).decode(), **attributes)

    def left(self, service: str) -> int:
        counts = self.sqs.get_queue_attributes(QueueUrl=self.url(service), AttributeNames=["All"])["Attributes"]
        return int(counts["ApproximateNumberOfMessages"])

    def hide_all(self, service: str) -> None:
        """Somebody else looks at them."""
        self.sqs.receive_message(QueueUrl=self.url(service), MaxNumberOfMessages=10, VisibilityTimeout=600)

    def _queue(self) -> str:
        url = self.sqs.create_queue(QueueName=queue_name(self.bot.config))["QueueUrl"]
        return str(self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])

    def tweets(self) -> list[Any]:
        url = self.sqs.get_queue_url(QueueName=queue_name(self.bot.config))["QueueUrl"]
        page = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return list(page.get("Messages", []))

    def _log_group(self) -> str:
        name = event_log_name(self.bot.config)
        self.bot.client("logs").create_log_group(logGroupName=name)
        return f"arn:aws:logs:{HERE}:log-group:{name}"

    def logged(self) -> list[str]:
        found = self.bot.client("logs").filter_log_events(logGroupName=event_log_name(self.bot.config))["events"]
        return [each["message"] for each in found]

    def _workflow(self) -> str:
        definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
        role = f"arn:aws:iam::{ACCOUNT}:role/states"
        made = self.bot.client("stepfunctions").create_state_machine(
            name=f"{self.bot.config.prefix}-analysis", definition=definition, roleArn=role
        )
        return str(made["stateMachineArn"])

    def executions(self) -> list[str]:
        client = self.bot.client("stepfunctions")
        found = client.list_executions(stateMachineArn=self.targets["workflow"])["executions"]
        return [client.describe_execution(executionArn=each["executionArn"])["input"] for each in found]

    def _stream(self) -> str:
        self.bot.client("s3").create_bucket(
            Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        client, name = self.bot.client("firehose"), f"{self.bot.config.prefix}-events"
        destination = {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/lake", "BucketARN": "arn:aws:s3:::lake"}
        client.create_delivery_stream(DeliveryStreamName=name, ExtendedS3DestinationConfiguration=destination)
        found = client.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        return str(found["DeliveryStreamARN"])

    def in_lake(self) -> list[str]:
        s3 = self.bot.client("s3")
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket="lake").get("Contents", [])]
        return [s3.get_object(Bucket="lake", Key=key)["Body"].read().decode() for key in keys]

    def _function(self, name: str) -> str:
        """moto runs functions in Docker, which is not here: calls of them are looked at where they are made."""
        return f"arn:aws:lambda:{HERE}:function:{function_name(self.bot.config, name)}"
