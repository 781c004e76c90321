"""The checks for signs of trouble in a stage on AWS: dead letters, alarms, and who hears of them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from twbot.cli.deploy.deployed_stacks import Stack
from twbot.cli.doctor.aws_parts import asked
from twbot.cli.operations.alerts.aws import PENDING, AwsAlerts
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.metrics.aws_cloudwatch import Read, read
from twbot.cli.operations.metrics.records import Datapoints, window_between
from twbot.cli.operations.status.aws import dead_letters
from twbot.cli.ui.check import Check
from twbot.stacks.monitoring.failures import Failure, Place, failures

HOUR, DAY = 3600, 24 * 3600


def symptoms(bot: AwsBot, found: list[Stack]) -> Iterator[Check]:
    """Yield the checks for signs of trouble in a deployed stage."""
    yield asked("dead letters", lambda: _dead_letters(bot))
    yield asked("alarms", lambda: _alarms(bot))
    yield asked("failures", lambda: _failures(bot))
    yield asked("who is told", lambda: _subscribers(bot, found))


def _dead_letters(bot: AwsBot) -> Check:
    found = dead_letters(bot)
    if found:
        says = ", ".join(f"{count} at {service}" for service, count in found.items())
        return Check("dead letters", "wrong", says, f"twbot dlq list --stage {bot.name}")
    return Check("dead letters", "ok", "none")


def _failures(bot: AwsBot) -> Check:
    """Check what failed within a day without leaving a dead letter, whether or not its alarm still rings."""
    counts = _counts(bot)
    lost = [each.says for each in counts if each.loses]
    if counts:
        says = "; ".join(f"{each.name} {counts[each]:.0f}" for each in counts)
        fix = f"{lost[0]} " if lost else ""
        how = f"{fix}See why: twbot logs --level error --since 1d --stage {bot.name}"
        return Check("failures", "wrong" if lost else "warning", f"within a day: {says}", how)
    return Check("failures", "ok", "none within a day")


def _counts(bot: AwsBot) -> dict[Failure, float]:
    """Return how often each failure happened within a day, without those that did not; 1 for one that lasts."""
    now = time.time()
    with bot.translate_errors():
        client = bot.client("sts")
        place = Place(client.meta.partition, client.meta.region_name, client.get_caller_identity()["Account"])
    watched = list(failures(bot.config, place))
    reads = {each: [Read(*source, each.statistic) for source in each.sources] for each in watched}
    found = read(bot, window_between(now - DAY, now, HOUR), [one for many in reads.values() for one in many])
    counts = {each: sum(_count(each, found[one]) for one in reads[each]) for each in watched}
    return {each: count for each, count in counts.items() if count}


def _count(failure: Failure, datapoints: Datapoints) -> float:
    if failure.statistic == "Sum":
        return sum(value for _, value in datapoints)
    _, newest = max(datapoints, default=(0.0, 0.0))
    return float(newest >= failure.threshold)


def _alarms(bot: AwsBot) -> Check:
    with bot.translate_errors():
        pages = bot.client("cloudwatch").get_paginator("describe_alarms")
        parameters = {"AlarmNamePrefix": f"{bot.config.prefix}-", "AlarmTypes": ["MetricAlarm"]}
        alarms = [each for page in pages.paginate(**parameters) for each in page["MetricAlarms"]]
    if not alarms:
        return Check("alarms", "wrong", "there are none: nobody would notice", f"twbot deploy --stage {bot.name}")
    alarming = [each for each in alarms if each["StateValue"] == "ALARM"]
    if alarming:
        says = "; ".join(f"{each['AlarmName']}: {each.get('AlarmDescription', '')}".rstrip(": ") for each in alarming)
        return Check("alarms", "wrong", says, f"twbot status --stage {bot.name}; twbot logs --stage {bot.name}")
    return Check("alarms", "ok", f"all {len(alarms)} are quiet")


def _subscribers(bot: AwsBot, found: list[Stack]) -> Check:
    """Check that somebody hears of alerts and alarms. Addresses are masked."""
    # SNS sends nothing to a subscriber who has not confirmed.
    name, alerts, (alarms, unconfirmed) = "who is told", AwsAlerts(bot).subscribers(), _of_alarms(bot, found)
    see = f"twbot alerts list --stage {bot.name}"
    pending = [f"{each.kind} {each.address}" for each in alerts if each.state == "pending"] + unconfirmed
    if pending:
        says = f"{len(pending)} have not confirmed that they want to be told: {', '.join(pending)}"
        return Check(name, "warning", says, f"Follow the link in AWS's message to them; see: {see}")
    if missed := [f"{each.kind} {each.address}: {each.problem}" for each in alerts if each.problem]:
        return Check(name, "warning", f"the last alert did not reach {'; '.join(missed)}", see)
    if not alarms:
        fix = f'alarms = ["you@example.com"] in [stages.{bot.name}.aws], then: twbot deploy --stage {bot.name}'
        return Check(name, "warning", f"{len(alerts)} hear of alerts, nobody of alarms", fix)
    if not alerts:
        fix = f"twbot alerts subscribe ADDRESS --stage {bot.name}"
        return Check(name, "warning", f"nobody hears of alerts, {alarms} of alarms", fix)
    return Check(name, "ok", f"{len(alerts)} hear of alerts, {alarms} of alarms; all have confirmed")


def _of_alarms(bot: AwsBot, found: list[Stack]) -> tuple[int, list[str]]:
    """Return how many subscribed to the alarms, and which of them have not confirmed."""
    topic = next((each.outputs.get("AlarmTopicArn") for each in found if each.service == "plumbing"), None)
    if topic is None:
        return 0, []
    with bot.translate_errors():
        pages = bot.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
        subscribed = [each for page in pages for each in page["Subscriptions"]]
    unconfirmed = [each["Protocol"] for each in subscribed if each["SubscriptionArn"] == PENDING]
    return len(subscribed), [f"{protocol} (alarms)" for protocol in unconfirmed]
