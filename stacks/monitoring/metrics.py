"""What is counted, and by which name: of the log of events, and of AWS's own metrics."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from twbot.lambdas.x.errors import Reason
from twbot.stacks.config import StageConfig
from twbot.stacks.names import EVENT_TYPES, LIMITED, dead_letters_name, events_namespace, function_name, queue_name

# What X limits, or stops until somebody pays or renews the keys.
LIMITS = (Reason.CAP_REACHED, Reason.NO_CREDITS, Reason.BAD_KEYS)


def add_event_metrics(scope: Construct, stage: StageConfig, log: logs.ILogGroup) -> None:
    """A metric filter for each type of event, and for the replies that X's limits ended."""
    once = "($.replay-name NOT EXISTS)"  # what a replay brings back was counted when it came
    patterns = {kind: f'{{ ($.detail-type = "{kind}") && {once} }}' for kind in EVENT_TYPES}
    reasons = " || ".join(f'($.detail.Reason = "{reason}")' for reason in LIMITS)
    patterns[LIMITED] = f'{{ ($.detail-type = "TWEET_FAILED") && ({reasons}) && {once} }}'
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
    """How many events of a type."""
    return _metric(events_namespace(stage), event_type, {})


def dead_letters(stage: StageConfig, service: str) -> cloudwatch.Metric:
    name = dead_letters_name(stage, service)
    return _metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": name}, "Maximum")


def oldest_reply(stage: StageConfig) -> cloudwatch.Metric:
    """How long the oldest reply waits, in seconds."""
    return _metric("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": queue_name(stage)}, "Maximum")


def webhook(stage: StageConfig, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
    """Count, 4XXError, 5XXError or Latency of the webhook."""
    return _metric("AWS/ApiGateway", name, {"ApiName": stage.prefix, "Stage": stage.name}, statistic)


def function(stage: StageConfig, called: str, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
    return _metric("AWS/Lambda", name, {"FunctionName": function_name(stage, called)}, statistic)


def _metric(namespace: str, name: str, dimensions: dict[str, str], statistic: str = "Sum") -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions or None,
        statistic=statistic,
        period=Duration.minutes(5),
    )
