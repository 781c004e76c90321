"""Plumbing stack: the event bus, its archive, the log of every event, the alarms and the dashboard."""

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
from twbot.stacks.constructs.parameters import for_other_teams
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
    """Bus → archive; bus → log of events → metrics → dashboard and alarms."""

    bus: events.EventBus
    key: kms.Key

    def __init__(self, scope: Construct, stage: StageConfig) -> None:
        super().__init__(scope, "Plumbing", stage)
        self._archive_days = stage.archive_days
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
        for_other_teams(self, stage, bus_name=self.bus.event_bus_name, bus_arn=self.bus.event_bus_arn)
        CfnOutput(self, "BusName", value=self.bus.event_bus_name)
        CfnOutput(self, "PublishedTableName", value=self._published.table_name)
        CfnOutput(self, "EventLogName", value=event_log.log_group_name)
        CfnOutput(self, "AlarmTopicArn", value=alarms.topic_arn)
        CfnOutput(self, "CodeVersion", value=code_version())

    @property
    def function_environment(self) -> dict[str, str]:
        """Return the environment variables of a function that publishes."""
        return {
            "BUS_NAME": self.bus.event_bus_name,
            "SEEN_TABLE": self._published.table_name,
            "ARCHIVE_DAYS": str(self._archive_days),
        }

    def grant_publish(self, function: lambda_.IFunction) -> None:
        """Grant a function what it needs to publish each entry once."""
        allow(function, ["events:PutEvents"], [self.bus.event_bus_arn])
        # The entry's key is stored before PutEvents, and deleted again if the bus refuses the entry:
        # docs/decisions/0003-an-entry-carries-its-once-key.md
        allow(function, ["dynamodb:PutItem", "dynamodb:DeleteItem"], [self._published.table_arn])

    def grant_add(self, function: lambda_.IFunction) -> None:
        """Grant a function of the bot's folder what bot.add needs."""
        allow(function, ["dynamodb:UpdateItem"], [self._published.table_arn])

    def _archive(self, stage: StageConfig) -> None:
        """Archive every event except replayed ones and those that a replay causes."""
        # Replayed events are in the archive already; the next replay of those causes the others again.
        # docs/decisions/0001-the-name-of-a-replay-says-whether-it-may-reply.md says why `ReplayName` is in the detail.
        archive = events.CfnArchive(
            self,
            "Archive",
            source_arn=self.bus.event_bus_arn,
            event_pattern={
                **EVERY_EVENT,
                "replay-name": [{"exists": False}],
                "detail": {"ReplayName": [{"exists": False}]},
            },
            retention_days=stage.archive_days,
        )
        # Also in production: an archive can be replayed to its own bus only, and a bus with an archive cannot be
        # deleted. The lake keeps every event. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html
        archive.apply_removal_policy(RemovalPolicy.DESTROY)
        CfnOutput(self, "ArchiveName", value=archive.ref)

    def _log_every_event(self, stage: StageConfig) -> logs.LogGroup:
        log = LogGroup(self, "EventLog", stage, event_log_name(stage))
        # L1 resources: CDK's target `CloudWatchLogGroup` runs a custom resource that installs an SDK at deployment.
        arn = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:{log.log_group_name}"
        policy = logs.CfnResourcePolicy(
            self,
            "EventLogPolicy",
            policy_name=f"{stage.prefix}-events",
            policy_document=self.to_json_string(_log_policy(arn).to_json()),
        )
        rule = WiredRule(
            self,
            "log-every-event",
            stage,
            bus=self.bus,
            target=arn,
            dead_letters=DeadLetters(self, stage, "plumbing"),
        )
        # Events that arrive before the policy exists would end in the dead letters.
        rule.node.add_dependency(policy)
        return log


def _log_policy(log_group_arn: str) -> iam.PolicyDocument:
    # Both services, as EventBridge documents for targets in CloudWatch Logs:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
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
