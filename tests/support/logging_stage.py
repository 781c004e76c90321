"""A stage's log groups under moto, filled as AWS fills them: for the tests of what reads them.

moto's FilterLogEvents knows terms and phrases; a pattern in braces matches every line there. Our code filters again
itself, so results are the same, and what AWS is asked is held by tests that look at the request.
"""

from __future__ import annotations

import datetime
import json
import time
import uuid
from collections.abc import Iterable
from typing import Any

import msgspec

from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.contracts import Event
from twbot.stacks.names import event_log_name, function_log_name, workflow_log_name

EXECUTION = "arn:aws:states:eu-west-1:123456789012:express:twbot-prod-analysis"


class LoggingStage:
    """Puts lines into the log groups of a stage, each group with a stream of its own."""

    def __init__(self, bot: AwsBot) -> None:
        self.bot = bot
        self.logs = bot.client("logs")

    def event(self, event: Event, *, at: float | None = None) -> None:
        """As EventBridge logs it: times in whole seconds."""
        document = msgspec.to_builtins(event) | {"account": "123456789012", "region": "eu-west-1"}
        document["time"] = event.time[:19] + "Z"
        when = at if at is not None else datetime.datetime.fromisoformat(event.time).timestamp()
        self.put(event_log_name(self.bot.config), [(when, json.dumps(document))])

    def line(self, function: str, line: dict[str, Any] | str, *, at: float | None = None) -> None:
        """As a function logs it, or Lambda about it."""
        text = line if isinstance(line, str) else json.dumps(line)
        self.put(function_log_name(self.bot.config, function), [(at or time.time(), text)])

    def workflow(self, name: str, history: Iterable[tuple[float, str, int, dict[str, Any]]]) -> None:
        """An execution's history: time, type, previous event, details; numbered from 1."""
        arn = f"{EXECUTION}:{name}:{uuid.uuid4()}"
        lines = [
            (at, json.dumps(_history(number, at, kind, before, details, arn)))
            for number, (at, kind, before, details) in enumerate(history, start=1)
        ]
        self.put(workflow_log_name(self.bot.config), lines)

    def put(self, group: str, lines: list[tuple[float, str]]) -> None:
        self.create(group)
        stream = uuid.uuid4().hex
        self.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        events = [{"timestamp": round(at * 1000), "message": text} for at, text in lines]
        self.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def create(self, group: str) -> None:
        if not self.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            self.logs.create_log_group(logGroupName=group)


def _history(number: int, at: float, kind: str, before: int, details: dict[str, Any], arn: str) -> dict[str, Any]:
    return {
        "id": str(number),
        "type": kind,
        "details": details,
        "redrive_count": "0",
        "previous_event_id": str(before),
        "event_timestamp": str(round(at * 1000)),
        "execution_arn": arn,
    }
