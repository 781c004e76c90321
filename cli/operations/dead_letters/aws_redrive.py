"""Delivers dead letters again: to the target that failed alone, because the other targets have had the event."""

from __future__ import annotations

import contextlib
import datetime
import functools
import time
from collections.abc import Callable
from typing import Any

import msgspec

from twbot.cli.operations.aws_errors import NotDeployed, translate_aws_errors
from twbot.cli.operations.aws_queue import Message
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.dead_letters.aws_messages import REDRIVEN, failed_rules, redriven
from twbot.cli.operations.dead_letters.records import DeadLetter
from twbot.lambdas.contracts import Event, decode_event, epoch
from twbot.lambdas.errors import TwbotError
from twbot.stacks.names import bus_name, rule_name

Json = dict[str, Any]


class Redriving:
    """Delivers to the targets that the stage's rules have now.

    SQS's own redrive moves messages back to a queue, and most of these targets are none.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
    """

    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot
        self._client = functools.cache(bot.client)
        self._target = functools.cache(self._target_of)
        self._senders: dict[str, Callable[[str, Message], None]] = {
            "lambda": self._call,
            "states": self._execute,
            "sqs": self._send,
            "firehose": self._put,
            "logs": self._log,
        }

    def deliver(self, letter: DeadLetter, message: Message) -> None:
        """Deliver a dead letter and return once its target has it. Raises TwbotError where it is refused."""
        if letter.obstacle:
            raise TwbotError(f"The dead letter {letter.id} can't be delivered again: {letter.obstacle}.")
        for rule in failed_rules(message, letter.rule):
            self._deliver_to(rule, message)

    def _deliver_to(self, rule: str, message: Message) -> None:
        target = self._target(rule)
        send = self._senders.get(target.split(":")[2])
        if send is None:
            raise TwbotError(f"The target of {rule} can't be given an event directly: {target}.")
        with self._bot.translate_errors():
            send(target, message)

    def _target_of(self, rule: str) -> str:
        stage, events = self._bot.config, self._client("events")
        missing = f"The stage {self._bot.name} has no rule {rule} in {events.meta.region_name}."
        with translate_aws_errors(self._bot.name, missing=missing):
            targets = events.list_targets_by_rule(Rule=rule_name(stage, rule), EventBusName=bus_name(stage))["Targets"]
        if not targets:
            raise NotDeployed(missing, self._bot.name)
        return str(targets[0]["Arn"])

    def _call(self, target: str, message: Message) -> None:
        event: Json = {**msgspec.json.decode(message.body), REDRIVEN: redriven(message) + 1}
        self._client("lambda").invoke(FunctionName=target, InvocationType="Event", Payload=msgspec.json.encode(event))

    def _execute(self, target: str, message: Message) -> None:
        self._client("stepfunctions").start_execution(stateMachineArn=target, input=message.body)

    def _send(self, target: str, message: Message) -> None:
        sqs = self._client("sqs")
        count = {"DataType": "String", "StringValue": str(redriven(message) + 1)}
        url = sqs.get_queue_url(QueueName=target.rpartition(":")[2])["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=message.body, MessageAttributes={REDRIVEN: count})

    def _put(self, target: str, message: Message) -> None:
        """Put the event as it is: the transform function of the stream makes a line of it."""
        name = target.rpartition("/")[2]
        self._client("firehose").put_record(DeliveryStreamName=name, Record={"Data": message.body.encode()})

    def _log(self, target: str, message: Message) -> None:
        """Write the event to a stream of its own, at the event's time. Raises TwbotError for one that is too old."""
        logs, group = self._client("logs"), target.partition(":log-group:")[2].removesuffix(":*")
        stream = f"redriven/{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
        # CloudWatch Logs rejects what is older than 14 days or from the future.
        # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
        at = min(time.time(), epoch(_event(message).time))
        lines = [{"timestamp": round(at * 1000), "message": message.body}]
        answer = logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=lines)
        if answer.get("rejectedLogEventsInfo"):
            raise TwbotError(f"CloudWatch Logs does not take the dead letter {message.id}: it is too old.")


def _event(message: Message) -> Event:
    return decode_event(message.body)
