"""The rules of lambdas/wiring.py, and the queues of events that could not be delivered."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from twbot.lambdas.own.addresses import address_on_aws
from twbot.lambdas.wiring import OWN, Rule, rules
from twbot.stacks.config import QUEUE_DAYS, StageConfig
from twbot.stacks.constructs.access import acknowledge, allow, service_principal
from twbot.stacks.names import dead_letters_name, rule_name

EVENTS = iam.ServicePrincipal("events.amazonaws.com")
# EventBridge's defaults are 185 retries within 24 hours. Within two, the event is a dead letter and rings an alarm.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
MAX_RETRIES = 24
MAX_EVENT_AGE = Duration.hours(2)


class DeadLetters(sqs.Queue):
    """A microservice's dead-letter queue. Plumbing refers to it by name, not by reference."""

    def __init__(self, scope: Construct, stage: StageConfig, service: str) -> None:
        super().__init__(
            scope,
            "DeadLetters",
            queue_name=dead_letters_name(stage, service),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(QUEUE_DAYS),
        )
        acknowledge(self, "SQS3", "These are the dead letters.")


class WiredRule(Construct):
    """A rule of lambdas/wiring.py with its target.

    `target` is an ARN. After the last retry an event goes to `dead_letters`. `role`: for targets without a resource
    policy.
    """

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
    ) -> None:
        rule = next(rule for rule in rules() if rule.name == name)
        # The names of own rules are not ours to keep apart where hyphens fall out.
        super().__init__(scope, name if rule.service == OWN else "".join(word.title() for word in name.split("-")))
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
                    sqs_parameters=_fifo(rule, target),
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=dead_letters.queue_arn),
                    retry_policy=events.CfnRule.RetryPolicyProperty(
                        maximum_retry_attempts=MAX_RETRIES, maximum_event_age_in_seconds=MAX_EVENT_AGE.to_seconds()
                    ),
                )
            ],
        )
        self.arn = self.rule.attr_arn
        grant_rule_send(dead_letters, self)


def _fifo(rule: Rule, target: str) -> events.CfnRule.SqsParametersProperty | None:
    """Return the message group of a queue that keeps an order: SQS takes nothing there without one."""
    address = address_on_aws(target) if rule.service == OWN and not Token.is_unresolved(target) else None
    is_fifo = address is not None and address.keeps_order
    return events.CfnRule.SqsParametersProperty(message_group_id=rule.name) if is_fifo else None


def grant_rule_send(queue: sqs.IQueue, rule: WiredRule) -> None:
    """Let a rule send to a queue."""
    # SQS and Lambda targets need a resource policy instead of a role; the condition keeps other accounts' rules out.
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[EVENTS],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnEquals": {"aws:SourceArn": rule.arn}},
        )
    )


def grant_rule_invoke(function: lambda_.IFunction, rule: WiredRule) -> None:
    """Let a rule invoke a function."""
    lambda_.CfnPermission(
        rule,
        "Permission",
        action="lambda:InvokeFunction",
        function_name=function.function_arn,
        principal="events.amazonaws.com",
        source_arn=rule.arn,
    )


def delivery_role(scope: Construct, construct_id: str, actions: Sequence[str], resource: str) -> iam.Role:
    """Create the role that EventBridge assumes for targets without a resource policy."""
    role = iam.Role(scope, construct_id, assumed_by=service_principal("events.amazonaws.com"))
    allow(role, actions, [resource])
    return role
