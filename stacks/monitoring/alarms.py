"""The alarms of a stage: what a person has to look at."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from twbot.lambdas.folder.event_types import LIMITED
from twbot.lambdas.wiring import services
from twbot.stacks.config import StageConfig
from twbot.stacks.monitoring import metrics
from twbot.stacks.monitoring.failures import Place, failures

# Seconds: the length of a rate-limit window of X. A wait of one window is normal, so the alarm needs three periods.
LONG_WAIT = 900


def add_alarms(scope: Construct, stage: StageConfig, topic: sns.ITopic) -> None:
    """Add the alarms, which notify the topic. Each says in its description what to do."""

    def add(name: str, metric: cloudwatch.IMetric, threshold: float, description: str, *, periods: int = 1) -> None:
        alarm = cloudwatch.Alarm(
            scope,
            f"{''.join(word.title() for word in name.split('-'))}Alarm",
            alarm_name=f"{stage.prefix}-{name}",
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            # Metric filters and queues write no data points while nothing happens:
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(topic))

    for service in services():
        what = f"Events could not be delivered to {service}, or were not understood: look into its dead letters."
        add(f"{service}-dead-letters", metrics.dead_letters(stage, service), 1, what)
    add("replies-failed", metrics.count(stage, "TWEET_FAILED"), 1, "X refused a reply; TWEET_FAILED says why.")
    add("x-limits", metrics.count(stage, LIMITED), 1, "X's cap is reached, credits or keys are used up.")
    add("replies-wait", metrics.oldest_reply(stage), LONG_WAIT, "X makes replies wait, or is down.", periods=3)
    for status, what in (("4XX", "Requests are refused: wrong keys, or not from X."), ("5XX", "Webhooks get lost.")):
        add(f"webhook-{status.lower()}", metrics.webhook(stage, f"{status}Error"), 5, what)
    for each in failures(stage, Place(Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID)):
        add(each.name, metrics.added_up(each), each.threshold, each.says, periods=each.periods)
