"""Alerting stack: messages that raise alerts → alert function → SNS topic; → notify function → chats."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnOutput
from constructs import Construct

from twbot.stacks.config import StageConfig
from twbot.stacks.constructs.access import allow
from twbot.stacks.constructs.function import Function
from twbot.stacks.constructs.parameters import for_other_teams
from twbot.stacks.constructs.rules import DeadLetters, WiredRule, grant_rule_invoke
from twbot.stacks.constructs.service import Service
from twbot.stacks.constructs.stores import Table
from twbot.stacks.constructs.topic import Topic
from twbot.stacks.names import alert_addresses_name
from twbot.stacks.plumbing import Plumbing


class Alerting(Service):
    """The alert topic, a function that publishes to it, one that posts to chats, and a rule for each."""

    def __init__(self, scope: Construct, stage: StageConfig, plumbing: Plumbing) -> None:
        super().__init__(scope, "Alerting", stage)
        self._stage, self._plumbing = stage, plumbing
        self._dead_letters = DeadLetters(self, stage, "alerting")
        self._deliveries = Table(self, "Told", stage)
        self.topic = topic = Topic(self, "Alerts", stage, key=plumbing.key, subscribers=stage.aws.alerts)
        # Functions, because a topic remembers nothing (docs/decisions/0016-a-post-alerts-once.md), and SNS cannot write
        # what Slack and Discord expect (docs/decisions/0006-who-hears-of-alerts-is-no-setting.md).
        self._invoke("alert-on-negative", self._alert_function(topic))
        self._invoke("notify-on-negative", self._notify_function())
        CfnOutput(self, "AlertTopicArn", value=topic.topic_arn)
        for_other_teams(self, stage, alert_topic_arn=topic.topic_arn)
        CfnOutput(self, "ToldTableName", value=self._deliveries.table_name)

    def _alert_function(self, topic: Topic) -> Function:
        """Create the function that publishes alerts to the topic."""
        function = self._function("alert", {"TOPIC_ARN": topic.topic_arn})
        allow(function, ["sns:Publish"], [topic.topic_arn])
        # Both, for a topic that is encrypted with a key of ours:
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        allow(function, ["kms:GenerateDataKey", "kms:Decrypt"], [self._plumbing.key.key_arn])
        return function

    def _notify_function(self) -> Function:
        """Create the function that posts alerts to chats."""
        name = alert_addresses_name(self._stage)
        function = self._function("notify", {"ADDRESSES_PARAMETER": name})
        # ssm:GetParameter is enough: AWS's own key decrypts a SecureString for whoever may read the parameter.
        # https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
        parameter = self.format_arn(service="ssm", resource="parameter", resource_name=name.lstrip("/"))
        allow(function, ["ssm:GetParameter"], [parameter])
        return function

    def _function(self, name: str, environment: Mapping[str, str]) -> Function:
        """Create a function that records its deliveries in the table."""
        environment = {"DELIVERIES_TABLE": self._deliveries.table_name, **environment}
        function = Function(self, name, self._stage, environment, dead_letters=self._dead_letters)
        items = [f"dynamodb:{call}Item" for call in ("Get", "Put", "Update", "Delete")]
        allow(function, items, [self._deliveries.table_arn])
        return function

    def _invoke(self, rule: str, function: Function) -> None:
        """Create the rule that invokes the function."""
        target = function.function_arn
        wired = WiredRule(
            self, rule, self._stage, bus=self._plumbing.bus, target=target, dead_letters=self._dead_letters
        )
        grant_rule_invoke(function, wired)
