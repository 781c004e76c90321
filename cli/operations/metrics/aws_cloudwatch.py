"""CloudWatch's metrics of a stage: which stands for which measure, and reading them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from twbot.cli.operations.metrics import records as names
from twbot.cli.operations.metrics.records import Datapoints, Window
from twbot.stacks.config import StageConfig
from twbot.stacks.names import EVENT_TYPES, dead_letters_name, events_namespace, function_name, queue_name

if TYPE_CHECKING:
    from twbot.cli.operations.aws_stage import AwsBot

# What a call of GetMetricData may ask for, and answer.
QUERIES, POINTS = 500, 100_800
MILLISECONDS = 0.001


class Read(NamedTuple):
    """A metric; its values times `scale` are in our unit."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...] = ()
    statistic: str = "Sum"
    scale: float = 1.0


def metric_of(stage: StageConfig, name: str) -> Read | None:
    """The metric of CloudWatch that a measure is; None where there is none."""
    if name in EVENT_TYPES:
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
    here = (("ApiName", stage.prefix), ("Stage", stage.name))
    if name == names.WEBHOOK_TIME:
        return Read("AWS/ApiGateway", "Latency", here, "Maximum", MILLISECONDS)
    metric = {names.WEBHOOK: "Count", names.WEBHOOK_4XX: "4XXError", names.WEBHOOK_5XX: "5XXError"}[name]
    return Read("AWS/ApiGateway", metric, here)


def _of_queue(metric: str, queue: str) -> Read:
    return Read("AWS/SQS", metric, (("QueueName", queue),), "Maximum")


def _of_function(stage: StageConfig, what: str, name: str) -> Read:
    here = (("FunctionName", function_name(stage, name)),)
    if what == "time":
        return Read("AWS/Lambda", "Duration", here, "Maximum", MILLISECONDS)
    return Read("AWS/Lambda", what.title(), here)


def read(bot: AwsBot, window: Window, wanted: Sequence[Read]) -> dict[Read, Datapoints]:
    """Each metric's values. Raises AwsProblem."""
    at_once = max(1, min(QUERIES, POINTS // window.parts))
    found: dict[Read, list[tuple[float, float]]] = {each: [] for each in wanted}
    for start in range(0, len(wanted), at_once):
        for each, moments in _ask(bot, window, wanted[start : start + at_once]):
            found[each] += moments
    return dict(found)


def _ask(bot: AwsBot, window: Window, wanted: Sequence[Read]) -> list[tuple[Read, list[tuple[float, float]]]]:
    queries = [{"Id": f"m{number}", "MetricStat": _asked(each, window.step)} for number, each in enumerate(wanted)]
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


def _asked(each: Read, period: int) -> dict[str, object]:
    dimensions = [{"Name": name, "Value": value} for name, value in each.dimensions]
    metric = {"Namespace": each.namespace, "MetricName": each.metric, "Dimensions": dimensions}
    return {"Metric": metric, "Period": period, "Stat": each.statistic}
