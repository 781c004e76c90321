"""The metrics of a stage: those filtered from the log of events, and AWS's own."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from twbot.lambdas.folder.event_types import LIMITED, event_types
from twbot.lambdas.x.errors import Reason
from twbot.stacks.config import StageConfig
from twbot.stacks.monitoring.failures import Failure
from twbot.stacks.names import dead_letters_name, events_namespace, function_name, queue_name

_PERIOD = Duration.minutes(5)
# The reasons that end every reply until X's cap is renewed or somebody pays or renews the keys.
LIMITS = (Reason.CAP_REACHED, Reason.NO_CREDITS, Reason.BAD_KEYS)


def add_event_metrics(scope: Construct, stage: StageConfig, log: logs.ILogGroup) -> None:
    """Add a metric filter for each event type, and one for replies that failed at X's limits."""
    # Replayed events were counted when they first arrived.
    not_replayed = "($.replay-name NOT EXISTS)"
    patterns = {kind: f'{{ ($.detail-type = "{kind}") && {not_replayed} }}' for kind in event_types()}
    reasons = " || ".join(f'($.detail.Reason = "{reason}")' for reason in LIMITS)
    patterns[LIMITED] = f'{{ ($.detail-type = "TWEET_FAILED") && ({reasons}) && {not_replayed} }}'
    for name, pattern in patterns.items():
        logs.MetricFilter(
            scope,
            f"Count{name}",
            log_group=log,
            filter_pattern=logs.FilterPattern.literal(pattern),
            metric_namespace=events_namespace(stage),
            metric_name=name,
        )


def count(stage: StageConfig, event_type: str) -> cloudwatch.Metric:
    """Return the number of events of a type."""
    return _metric(events_namespace(stage), event_type, {})


def dead_letters(stage: StageConfig, service: str) -> cloudwatch.Metric:
    """Return the number of dead letters of a microservice."""
    name = dead_letters_name(stage, service)
    # The maximum: a sum would count each dead letter once for every time that SQS reports it.
    return _metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": name}, "Maximum")


def oldest_reply(stage: StageConfig) -> cloudwatch.Metric:
    """Return the age of the oldest waiting reply, in seconds."""
    return _metric("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": queue_name(stage)}, "Maximum")


def webhook(stage: StageConfig, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
    """Return a metric of the webhook: Count, 4XXError, 5XXError or Latency (ms)."""
    return _metric("AWS/ApiGateway", name, {"ApiName": stage.prefix, "Stage": stage.name}, statistic)


def function(stage: StageConfig, function: str, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
    """Return a metric of a function of stacks/functions.py: Errors, Duration (ms), …"""
    return _metric("AWS/Lambda", name, {"FunctionName": function_name(stage, function)}, statistic)


def added_up(failure: Failure) -> cloudwatch.IMetric:
    """Return the sum of a failure's metrics."""
    found = [_metric(each.namespace, each.metric, dict(each.dimensions), failure.statistic) for each in failure.sources]
    if len(found) == 1:
        return found[0]
    # An alarm adds up ten metrics at most; one without data points would leave the sum without any.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html
    names = [f"m{number}" for number in range(len(found))]
    return cloudwatch.MathExpression(
        expression=" + ".join(f"FILL({name}, 0)" for name in names),
        using_metrics=dict(zip(names, found, strict=True)),
        period=_PERIOD,
        label=failure.name,
    )


def _metric(namespace: str, name: str, dimensions: dict[str, str], statistic: str = "Sum") -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions or None,
        statistic=statistic,
        period=_PERIOD,
    )
