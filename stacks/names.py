"""What the parts of a stage are called on AWS. Without CDK: also for whoever operates a stage."""

from __future__ import annotations

from twbot.lambdas.contracts import DETAILS, RAW_TYPES
from twbot.stacks.config import StageConfig

EVENT_TYPES = (*RAW_TYPES, *DETAILS)
LIMITED = "X_LIMITS"
# Each has a stack of its own.
STACKS = ("plumbing", "ingress", "analysis", "alerting", "responding", "egress", "analytics")


def events_namespace(stage: StageConfig) -> str:
    """Where CloudWatch counts the stage's events."""
    return f"{stage.prefix}/events"


def event_log_name(stage: StageConfig) -> str:
    """The log group of every event."""
    return f"/aws/events/{stage.prefix}"


def bus_name(stage: StageConfig) -> str:
    return stage.named("Plumbing")


def workflow_log_name(stage: StageConfig) -> str:
    """It begins as Step Functions advises: https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html"""
    return f"/aws/vendedlogs/states/{stage.prefix}-analysis"


def function_name(stage: StageConfig, name: str) -> str:
    return f"{stage.prefix}-{name}"


def function_log_name(stage: StageConfig, name: str) -> str:
    return f"/twbot/{stage.name}/{name}"


def dead_letters_name(stage: StageConfig, service: str) -> str:
    return f"{stage.prefix}-{service}-dead-letters"


def queue_name(stage: StageConfig) -> str:
    """The queue of replies to be sent."""
    return f"{stage.prefix}-tweets"


def rule_name(stage: StageConfig, name: str) -> str:
    return f"{stage.prefix}-{name}"


def stack_name(stage: StageConfig, service: str) -> str:
    return f"{stage.prefix}-{service}"


def alert_addresses_name(stage: StageConfig) -> str:
    """The parameter with the chats that hear of alerts. `twbot alerts subscribe` makes it."""
    return f"/twbot/{stage.name}/alert-addresses"
