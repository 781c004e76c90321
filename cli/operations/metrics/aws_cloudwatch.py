"""Maps our metrics to CloudWatch's, and reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from twbot.cli.operations.metrics import records as names
from twbot.cli.operations.metrics.records import Datapoints, Window
from twbot.lambdas.folder.event_types import event_types
from twbot.stacks.config import StageConfig
from twbot.stacks.names import dead_letters_name, events_namespace, function_name, queue_name

if TYPE_CHECKING:
    from twbot.cli.operations.aws_stage import AwsBot

# The most metrics and datapoints of one call.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
QUERIES, POINTS = 500, 100_800
MILLISECONDS = 0.001


class Read(NamedTuple):
    """A metric of CloudWatch."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...] = ()
    statistic: str = "Sum"
    scale: float = 1.0
    """Its values times this are in our unit."""


def metric_of(stage: StageConfig, name: str) -> Read | None:
    """Return CloudWatch's metric for one of ours; None where only the log has it."""
    if name in event_types():
        return Read(events_namespace(stage), name)
    if name.startswith(names.WEBHOOK):
        return _of_webhook(stage, name)
    if name == names.PUT_OFF:
        return Read(stage.prefix, "ReplyPutOff", (("service", "egress"),))
    if name == names.OLDEST_REPLY:
        return _of_queue("ApproximateAgeOfOldestMessage", queue_name(stage))
    if name.startswith(dead := names.dead_letters("")):
        return _of_queue("ApproximateNumberOfMessagesVisible", dead_letters_name(stage, name.removeprefix(dead)))
    if name.startswith("function-"):
        return _of_function(stage, *name.split("-", 2)[1:])
    return None


def _of_webhook(stage: StageConfig, name: str) -> Read:
    dimensions = (("ApiName", stage.prefix), ("Stage", stage.name))
    if name == names.WEBHOOK_TIME:
        return Read("AWS/ApiGateway", "Latency", dimensions, "Maximum", MILLISECONDS)
    metric = {names.WEBHOOK: "Count", names.WEBHOOK_4XX: "4XXError", names.WEBHOOK_5XX: "5XXError"}[name]
    return Read("AWS/ApiGateway", metric, dimensions)


def _of_queue(metric: str, queue: str) -> Read:
    return Read("AWS/SQS", metric, (("QueueName", queue),), "Maximum")


def _of_function(stage: StageConfig, what: str, name: str) -> Read:
    dimensions = (("FunctionName", function_name(stage, name)),)
    if what == "time":
        return Read("AWS/Lambda", "Duration", dimensions, "Maximum", MILLISECONDS)
    return Read("AWS/Lambda", what.title(), dimensions)


def read(bot: AwsBot, window: Window, wanted: Sequence[Read]) -> dict[Read, Datapoints]:
    """Return the datapoints of each metric: (epoch seconds, value). Raises AwsError."""
    batch_size = max(1, min(QUERIES, POINTS // window.parts))
    found: dict[Read, list[tuple[float, float]]] = {each: [] for each in wanted}
    for start in range(0, len(wanted), batch_size):
        for each, datapoints in _read_batch(bot, window, wanted[start : start + batch_size]):
            found[each] += datapoints
    return dict(found)


def _read_batch(bot: AwsBot, window: Window, wanted: Sequence[Read]) -> list[tuple[Read, list[tuple[float, float]]]]:
    # An id has to begin with a lower-case letter.
    queries = [{"Id": f"m{number}", "MetricStat": _query(each, window.step)} for number, each in enumerate(wanted)]
    found = []
    with bot.translate_errors():
        pages = bot.client("cloudwatch").get_paginator("get_metric_data")
        for page in pages.paginate(MetricDataQueries=queries, StartTime=window.start, EndTime=window.end):
            for result in page["MetricDataResults"]:
                each = wanted[int(result["Id"][1:])]
                times = (time.timestamp() for time in result["Timestamps"])
                found.append(
                    (each, [(at, value * each.scale) for at, value in zip(times, result["Values"], strict=True)])
                )
    return found


def _query(each: Read, period: int) -> dict[str, object]:
    dimensions = [{"Name": name, "Value": value} for name, value in each.dimensions]
    metric = {"Namespace": each.namespace, "MetricName": each.metric, "Dimensions": dimensions}
    return {"Metric": metric, "Period": period, "Stat": each.statistic}
