"""Alerting stack: NEGATIVE messages → SNS topic → its subscribers; and → notify function → chats."""

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
    """The alert topic, the notify function, and a rule for each."""

    def __init__(self, scope: Construct, stage: StageConfig, plumbing: Plumbing) -> None:
        super().__init__(scope, "Alerting", stage)
        self._stage, self._plumbing = stage, plumbing
        self._dead_letters = DeadLetters(self, stage, "alerting")
        topic = Topic(self, "Alerts", stage, key=plumbing.key, subscribers=stage.aws.alerts)
        topic.grant("events.amazonaws.com")
        self._rule("alert-on-negative", topic.topic_arn, input_transformer=alert())
        # SNS cannot write what Slack and Discord expect, so a second rule with the same pattern invokes a function:
        # docs/decisions/0006-who-hears-of-alerts-is-no-setting.md
        function = self._notify_function()
        grant_rule_invoke(function, self._rule("notify-on-negative", function.function_arn))
        CfnOutput(self, "AlertTopicArn", value=topic.topic_arn)

    def _notify_function(self) -> Function:
        """Create the function that posts alerts to chats, with the table that records its deliveries."""
        deliveries = Table(self, "Told", self._stage)
        name = alert_addresses_name(self._stage)
        environment = {"DELIVERIES_TABLE": deliveries.table_name, "ADDRESSES_PARAMETER": name}
        function = Function(self, "notify", self._stage, environment, dead_letters=self._dead_letters)
        allow(function, [f"dynamodb:{call}Item" for call in ("Get", "Put", "Update", "Delete")], [deliveries.table_arn])
        # ssm:GetParameter is enough: AWS's own key decrypts a SecureString for whoever may read the parameter.
        # https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
        parameter = self.format_arn(service="ssm", resource="parameter", resource_name=name.lstrip("/"))
        allow(function, ["ssm:GetParameter"], [parameter])
        CfnOutput(self, "ToldTableName", value=deliveries.table_name)
        return function

    def _rule(
        self, name: str, target: str, input_transformer: events.CfnRule.InputTransformerProperty | None = None
    ) -> WiredRule:
        return WiredRule(
            self,
            name,
            self._stage,
            bus=self._plumbing.bus,
            target=target,
            dead_letters=self._dead_letters,
            input_transformer=input_transformer,
        )


def alert() -> events.CfnRule.InputTransformerProperty:
    """Return the input transformer that writes the alert: a JSON string per line, `<name>` in place of each value."""
    text = TEMPLATE.format(**{name: f"<{name}>" for name in PATHS})
    # A template of plain text is one quoted string per line; an unquoted line must be valid JSON.
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    lines = "\n".join(json.dumps(line, ensure_ascii=False) for line in text.splitlines())
    return events.CfnRule.InputTransformerProperty(input_paths_map=PATHS, input_template=lines)
