"""Alerting: NEGATIVE messages → topic → whoever subscribed."""

from __future__ import annotations

import json

from aws_cdk import CfnOutput
from aws_cdk import aws_events as events
from constructs import Construct

from lambdas.alerting.message import PATHS, TEMPLATE
from stacks.config import Stage
from stacks.constructs.rules import DeadLetters, WiredRule
from stacks.constructs.service import Service
from stacks.constructs.topic import Topic
from stacks.plumbing import Plumbing


class Alerting(Service):
    def __init__(self, scope: Construct, stage: Stage, plumbing: Plumbing) -> None:
        super().__init__(scope, "Alerting", stage)
        topic = Topic(self, "Alerts", stage, key=plumbing.key, subscribers=stage.aws.alerts)
        topic.let("events.amazonaws.com")
        WiredRule(
            self,
            "alert-on-negative",
            stage,
            bus=plumbing.bus,
            target=topic.topic_arn,
            dead_letters=DeadLetters(self, stage, "alerting"),
            says=alert(),
        )
        CfnOutput(self, "AlertTopicArn", value=topic.topic_arn)


def alert() -> events.CfnRule.InputTransformerProperty:
    """The message as EventBridge writes it: a string for each line, and <name> where a value belongs."""
    words = TEMPLATE.format(**{name: f"<{name}>" for name in PATHS})
    lines = "\n".join(json.dumps(line, ensure_ascii=False) for line in words.splitlines())
    return events.CfnRule.InputTransformerProperty(input_paths_map=PATHS, input_template=lines)
