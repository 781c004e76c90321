"""Plumbing: the bus everything meets on, its archive, the log of every event, and the alarms."""

from __future__ import annotations

from aws_cdk import Aws, CfnOutput, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from twbot.lambdas.wiring import EVERY_EVENT
from twbot.stacks.config import StageConfig
from twbot.stacks.constructs.access import allow
from twbot.stacks.constructs.rules import DeadLetters, WiredRule
from twbot.stacks.constructs.service import LogGroup, Service
from twbot.stacks.constructs.stores import Table
from twbot.stacks.constructs.topic import Topic, topics_key
from twbot.stacks.monitoring.alarms import add_alarms
from twbot.stacks.monitoring.dashboard import add_dashboard
from twbot.stacks.monitoring.metrics import add_event_metrics
from twbot.stacks.names import bus_name, event_log_name
from twbot.stacks.version import code_version


class Plumbing(Service):
    """Bus → archive, log of events → metrics → dashboard, alarms."""

    bus: events.EventBus
    key: kms.Key

    def __init__(self, scope: Construct, stage: StageConfig) -> None:
        super().__init__(scope, "Plumbing", stage)
        self.bus = events.EventBus(self, "Bus", event_bus_name=bus_name(stage))
        self._published = Table(self, "Published", stage)
        self._archive(stage)
        event_log = self._log_every_event(stage)
        add_event_metrics(self, stage, event_log)
        self.key = topics_key(self, stage)
        alarms = Topic(self, "Alarms", stage, key=self.key, subscribers=stage.aws.alarms)
        alarms.grant("cloudwatch.amazonaws.com")
        add_alarms(self, stage, alarms)
        add_dashboard(self, stage)
        CfnOutput(self, "BusName", value=self.bus.event_bus_name)
        CfnOutput(self, "EventLogName", value=event_log.log_group_name)
        CfnOutput(self, "AlarmTopicArn", value=alarms.topic_arn)
        CfnOutput(self, "CodeVersion", value=code_version())

    @property
    def function_environment(self) -> dict[str, str]:
        """What a function is told that publishes."""
        return {"BUS_NAME": self.bus.event_bus_name, "SEEN_TABLE": self._published.table_name}

    def grant_publish(self, function: lambda_.IFunction) -> None:
        """Each entry once: its key is noted, and forgotten again if the bus did not take it."""
        allow(function, ["events:PutEvents"], [self.bus.event_bus_arn])
        allow(function, ["dynamodb:PutItem", "dynamodb:DeleteItem"], [self._published.table_arn])

    def _archive(self, stage: StageConfig) -> None:
        """Without what a replay brings back, which is in it already, and what that causes, which comes again.

        It goes with its bus, in production too: it can be replayed to that bus only, and would keep it from being
        deleted. The lake has every event for good.
        """
        archive = events.CfnArchive(
            self,
            "Archive",
            source_arn=self.bus.event_bus_arn,
            event_pattern={
                **EVERY_EVENT,
                "replay-name": [{"exists": False}],
                "detail": {"ReplayName": [{"exists": False}]},
            },
            retention_days=stage.aws.archive_days,
        )
        archive.apply_removal_policy(RemovalPolicy.DESTROY)
        CfnOutput(self, "ArchiveName", value=archive.ref)

    def _log_every_event(self, stage: StageConfig) -> logs.LogGroup:
        log = LogGroup(self, "EventLog", stage, event_log_name(stage))
        arn = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:{log.log_group_name}"
        policy = logs.CfnResourcePolicy(
            self,
            "EventLogPolicy",
            policy_name=f"{stage.prefix}-events",
            policy_document=self.to_json_string(_may_log(arn).to_json()),
        )
        rule = WiredRule(
            self,
            "log-every-event",
            stage,
            bus=self.bus,
            target=arn,
            dead_letters=DeadLetters(self, stage, "plumbing"),
        )
        rule.node.add_dependency(policy)
        return log


def _may_log(log_group_arn: str) -> iam.PolicyDocument:
    services = ("events.amazonaws.com", "delivery.logs.amazonaws.com")
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(service) for service in services],
                actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                resources=[f"{log_group_arn}:*"],
            )
        ]
    )
