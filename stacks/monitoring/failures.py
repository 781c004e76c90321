"""The failures of a stage that leave no dead letter. Free of CDK: the alarms and `twbot doctor` follow the same table.

An Express execution that fails after its start, a function that is throttled, a file that Firehose can't write: AWS
tells nobody of these but in a metric.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from twbot.lambdas.wiring import OWN, Rule, rules
from twbot.stacks.config import StageConfig
from twbot.stacks.functions import functions
from twbot.stacks.names import (
    bus_name,
    events_namespace,
    function_name,
    rule_name,
    stream_name,
    workflow_name,
)

# Seconds. Firehose writes each minute, and tries again for a day where it can't.
LATE = 900
# Metrics that an alarm adds up at most:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html
MAX_SOURCES = 10


class Source(NamedTuple):
    """A metric of CloudWatch."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...] = ()


class Failure(NamedTuple):
    """A failure, by the metrics that show it."""

    name: str
    says: str
    """What it means, and what to do."""
    sources: tuple[Source, ...]
    """Metrics that are added up."""
    statistic: str = "Sum"
    threshold: float = 1
    """The value, of five minutes, from which the alarm rings."""
    periods: int = 1
    """Times five minutes that the value has to last."""
    loses: bool = False
    """Whether an event is lost for good."""


class Place(NamedTuple):
    """Where a stage is."""

    partition: str
    region: str
    account: str


def failures(stage: StageConfig, place: Place) -> Iterator[Failure]:
    """Yield all failures that are watched in a stage."""
    yield from _of_workflow(stage, place)
    yield Failure(
        "not-analysed",
        "Messages could not be analysed: ANALYSIS_FAILED says why. Then: twbot replay --type MESSAGE_RECEIVED.",
        (Source(events_namespace(stage), "ANALYSIS_FAILED"),),
    )
    for name in functions():
        # A lone error is retried, or costs one picture; it is in the log.
        called = (("FunctionName", function_name(stage, name)),)
        sources = tuple(Source("AWS/Lambda", metric, called) for metric in ("Errors", "Throttles"))
        yield Failure(f"{name}-fails", f"The function {name} fails or is throttled: see its log.", sources, threshold=3)
    yield from _of_deliveries(stage)


def _of_workflow(stage: StageConfig, place: Place) -> Iterator[Failure]:
    # https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
    machine = (("StateMachineArn", _machine(stage, place)),)
    for name, metric, what in (
        ("failed", "ExecutionsFailed", "failed"),
        ("timed-out", "ExecutionsTimedOut", "took more than five minutes"),
        ("aborted", "ExecutionsAborted", "were stopped"),
    ):
        says = f"Analyses {what}: their messages are lost unless replayed. See: twbot logs analysis --level error."
        yield Failure(f"workflow-{name}", says, (Source("AWS/States", metric, machine),), loses=True)
    says = "Step Functions slows the analyses down: ask AWS for a higher quota of state transitions."
    yield Failure("workflow-throttled", says, (Source("AWS/States", "ExecutionThrottled", machine),))


def _of_deliveries(stage: StageConfig) -> Iterator[Failure]:
    # Metrics of rules on a bus other than the default one have both dimensions:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    bus = ("EventBusName", bus_name(stage))
    for name, taking in _alarms_of_rules():
        yield Failure(
            name,
            "Events could be delivered neither to their target nor to its dead letters: see the queues' policies.",
            tuple(
                Source("AWS/Events", "InvocationsFailedToBeSentToDlq", (bus, ("RuleName", rule_name(stage, rule.name))))
                for rule in taking
            ),
            loses=True,
        )
    stream = (("DeliveryStreamName", stream_name(stage)),)
    yield Failure(
        "lake-late",
        "The lake gets no events: Firehose can't write. See the log /twbot/STAGE/lake.".replace("STAGE", stage.name),
        (Source("AWS/Firehose", "DeliveryToS3.DataFreshness", stream),),
        statistic="Maximum",
        threshold=LATE,
        periods=3,
    )
    yield Failure(
        "lake-unreadable",
        "Events came to the lake that are none: they are in its folder of errors.",
        (Source(stage.prefix, "UnreadableEvents", (("service", "analytics"),)),),
    )


def _alarms_of_rules() -> Iterator[tuple[str, list[Rule]]]:
    """Yield the names of the alarms about rules, and the rules of each: those of twbot in one, then the folder's."""
    own = [rule for rule in rules() if rule.service == OWN]
    yield "events-lost", [rule for rule in rules() if rule.service != OWN]
    for number, start in enumerate(range(0, len(own), MAX_SOURCES), start=1):
        yield f"own-events-lost-{number}", own[start : start + MAX_SOURCES]


def _machine(stage: StageConfig, place: Place) -> str:
    return f"arn:{place.partition}:states:{place.region}:{place.account}:stateMachine:{workflow_name(stage)}"
