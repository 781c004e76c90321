"""Alerting: NEGATIVE messages → topic → whoever subscribed; and → notify function → chats."""

from __future__ import annotations

import json

from aws_cdk import CfnOutput
from aws_cdk import aws_events as events
from constructs import Construct

from twbot.lambdas.alerting.template import PATHS, TEMPLATE
from twbot.stacks.config import StageConfig
from twbot.stacks.constructs.access import allow
from twbot.stacks.constructs.function import Function
from twbot.stacks.constructs.rules import DeadLetters, WiredRule, grant_rule_invoke
from twbot.stacks.constructs.service import Service
from twbot.stacks.constructs.stores import Table
from twbot.stacks.constructs.topic import Topic
from twbot.stacks.names import alert_addresses_name
from twbot.stacks.plumbing import Plumbing


class Alerting(Service):
    def __init__(self, scope: Construct, stage: StageConfig, plumbing: Plumbing) -> None:
        super().__init__(scope, "Alerting", stage)
        self._stage, self._plumbing = stage, plumbing
        self._dead_letters = DeadLetters(self, stage, "alerting")
        topic = Topic(self, "Alerts", stage, key=plumbing.key, subscribers=stage.aws.alerts)
        topic.grant("events.amazonaws.com")
        self._rule("alert-on-negative", topic.topic_arn, says=alert())
        function = self._notify_function()
        grant_rule_invoke(function, self._rule("notify-on-negative", function.function_arn))
        CfnOutput(self, "AlertTopicArn", value=topic.topic_arn)

    def _notify_function(self) -> Function:
        """The addresses are a SecureString under AWS's own key, which Parameter Store uses for whoever may read it."""
        deliveries = Table(self, "Told", self._stage)
        name = alert_addresses_name(self._stage)
        environment = {"DELIVERIES_TABLE": deliveries.table_name, "ADDRESSES_PARAMETER": name}
        function = Function(self, "notify", self._stage, environment, dead_letters=self._dead_letters)
        allow(function, [f"dynamodb:{call}Item" for call in ("Get", "Put", "Update", "Delete")], [deliveries.table_arn])
        parameter = self.format_arn(service="ssm", resource="parameter", resource_name=name.lstrip("/"))
        allow(function, ["ssm:GetParameter"], [parameter])
        CfnOutput(self, "ToldTableName", value=deliveries.table_name)
        return function

    def _rule(self, name: str, target: str, says: events.CfnRule.InputTransformerProperty | None = None) -> WiredRule:
        bus, dead_letters = self._plumbing.bus, self._dead_letters
        return WiredRule(self, name, self._stage, bus=bus, target=target, dead_letters=dead_letters, says=says)


def alert() -> events.CfnRule.InputTransformerProperty:
    """The message as EventBridge writes it: a string for each line, and <name> where a value belongs."""
    words = TEMPLATE.format(**{name: f"<{name}>" for name in PATHS})
    lines = "\n".join(json.dumps(line, ensure_ascii=False) for line in words.splitlines())
    return events.CfnRule.InputTransformerProperty(input_paths_map=PATHS, input_template=lines)
