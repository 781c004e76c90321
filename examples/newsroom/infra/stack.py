"""What the newsroom has on AWS beside twbot: a queue of tips, for its own systems."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from twbot.infra import Stage, Twbot


def add(scope: Construct, stage: Stage, twbot: Twbot) -> None:
    stack = Stack(scope, f"Newsroom-{stage.name}", env=twbot.environment)
    dead_letters = sqs.Queue(stack, "DeadLetters", enforce_ssl=True, retention_period=Duration.days(14))
    tips = sqs.Queue(
        stack,
        "Tips",
        enforce_ssl=True,
        removal_policy=RemovalPolicy.RETAIN,
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=5),
    )
    pattern = events.EventPattern(detail_type=["TIP_RECEIVED"])
    events.Rule(stack, "ToTips", event_bus=twbot.bus, event_pattern=pattern, targets=[targets.SqsQueue(tips)])
