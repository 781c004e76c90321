"""The rules of lambdas/wiring.py, and the dead letters of what they could not deliver."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from twbot.lambdas.wiring import RULES
from twbot.stacks.config import StageConfig
from twbot.stacks.constructs.access import acknowledge, allow
from twbot.stacks.names import dead_letters_name, rule_name

EVENTS = iam.ServicePrincipal("events.amazonaws.com")
MAX_RETRIES = 24
MAX_EVENT_AGE = Duration.hours(2)


class DeadLetters(sqs.Queue):
    """Where a microservice's undeliverable events end, for two weeks. Plumbing knows it by its name."""

    def __init__(self, scope: Construct, stage: StageConfig, service: str) -> None:
        super().__init__(
            scope,
            "DeadLetters",
            queue_name=dead_letters_name(stage, service),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        acknowledge(self, "SQS3", "These are the dead letters.")


class WiredRule(Construct):
    """A rule of lambdas/wiring.py: delivered with retries, and to the dead letters at last."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        stage: StageConfig,
        *,
        bus: events.IEventBus,
        target: str,
        dead_letters: sqs.IQueue,
        role: iam.IRole | None = None,
        says: events.CfnRule.InputTransformerProperty | None = None,
    ) -> None:
        super().__init__(scope, "".join(word.title() for word in name.split("-")))
        rule = next(rule for rule in RULES if rule.name == name)
        self.rule = events.CfnRule(
            self,
            "Rule",
            name=rule_name(stage, name),
            event_bus_name=bus.event_bus_name,
            event_pattern=rule.pattern,
            targets=[
                events.CfnRule.TargetProperty(
                    id=rule.target,
                    arn=target,
                    role_arn=role.role_arn if role else None,
                    input_transformer=says,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=dead_letters.queue_arn),
                    retry_policy=events.CfnRule.RetryPolicyProperty(
                        maximum_retry_attempts=MAX_RETRIES, maximum_event_age_in_seconds=MAX_EVENT_AGE.to_seconds()
                    ),
                )
            ],
        )
        self.arn = self.rule.attr_arn
        grant_rule_send(dead_letters, self)


def grant_rule_send(queue: sqs.IQueue, rule: WiredRule) -> None:
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[EVENTS],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnEquals": {"aws:SourceArn": rule.arn}},
        )
    )


def grant_rule_invoke(function: lambda_.IFunction, rule: WiredRule) -> None:
    lambda_.CfnPermission(
        rule,
        "Permission",
        action="lambda:InvokeFunction",
        function_name=function.function_arn,
        principal="events.amazonaws.com",
        source_arn=rule.arn,
    )


def delivery_role(scope: Construct, construct_id: str, actions: Sequence[str], resource: str) -> iam.Role:
    """What EventBridge needs to be for targets without a policy of their own."""
    condition = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
    role = iam.Role(scope, construct_id, assumed_by=EVENTS.with_conditions(condition))
    allow(role, actions, [resource])
    return role
