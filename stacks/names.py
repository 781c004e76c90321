"""The names of a stage's resources on AWS. Free of CDK, which loads slowly: the operating commands use them, too."""

from __future__ import annotations

from twbot.lambdas.folder.event_types import OURS
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.wiring import OWN
from twbot.stacks.config import StageConfig

EVENT_TYPES = OURS
# The microservices with a stack, in the order of deployment.
STACKS = ("plumbing", "ingress", "analysis", "alerting", "responding", "egress", "analytics")


# The tag of the stacks that the folder's own CDK code adds; its value is the stage.
EXTRA_TAG = "twbot-extra"


def stack_services() -> tuple[str, ...]:
    """Return the services that have a stack: those of twbot, and `own` where the bot's folder has rules or steps."""
    folder = bot_folder()
    return (*STACKS, *((OWN,) if folder.rules or folder.steps else ()))


def events_namespace(stage: StageConfig) -> str:
    """Return the CloudWatch namespace of the metrics of the stage's events."""
    return f"{stage.prefix}/events"


def event_log_name(stage: StageConfig) -> str:
    """Return the name of the log group that holds every event."""
    return f"/aws/events/{stage.prefix}"


def bus_name(stage: StageConfig) -> str:
    return stage.named("Plumbing")


def workflow_log_name(stage: StageConfig) -> str:
    # The prefix keeps the logs' resource policy short, as Step Functions advises:
    # https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
    return f"/aws/vendedlogs/states/{stage.prefix}-analysis"


def workflow_name(stage: StageConfig) -> str:
    """Return the name of the state machine."""
    return f"{stage.prefix}-analysis"


def stream_name(stage: StageConfig) -> str:
    """Return the name of Firehose's stream into the lake."""
    return f"{stage.prefix}-events"


def function_name(stage: StageConfig, name: str) -> str:
    return f"{stage.prefix}-{name}"


def function_log_name(stage: StageConfig, name: str) -> str:
    return f"/twbot/{stage.name}/{name}"


def dead_letters_name(stage: StageConfig, service: str) -> str:
    return f"{stage.prefix}-{service}-dead-letters"


def collection_name(stage: StageConfig) -> str:
    """Return the id of the collection with the faces of the bot's own people."""
    return f"{stage.prefix}-people"


def queue_name(stage: StageConfig) -> str:
    """Return the name of the queue of replies."""
    return f"{stage.prefix}-tweets"


def rule_name(stage: StageConfig, name: str) -> str:
    return f"{stage.prefix}-{name}"


def stack_name(stage: StageConfig, service: str) -> str:
    return f"{stage.prefix}-{service}"


def alert_addresses_name(stage: StageConfig) -> str:
    """Return the name of the parameter with the chats' addresses, which `twbot alerts subscribe` creates."""
    return f"/twbot/{stage.name}/alert-addresses"


def parameter_name(stage: StageConfig, name: str) -> str:
    """Return the name of a parameter for other teams, such as bus-arn (docs/for-other-teams.md)."""
    return f"/twbot/{stage.name}/{name}"
