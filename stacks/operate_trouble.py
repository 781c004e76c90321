"""What `twbot doctor` looks at of a stage on AWS: signs that something has gone wrong already."""

from __future__ import annotations

from collections.abc import Iterator

from lambdas.operating.checks import Check
from stacks.deployed import Stack
from stacks.operate import AwsBot
from stacks.operate_checks import asked
from stacks.operate_vitals import dead_letters

_TOPICS = {"alerting": "AlertTopicArn", "plumbing": "AlarmTopicArn"}
_PENDING = "PendingConfirmation"


def signs(bot: AwsBot, found: list[Stack]) -> Iterator[Check]:
    """Of a stage that is deployed."""
    yield asked("dead letters", lambda: _dead_letters(bot))
    yield asked("alarms", lambda: _alarms(bot))
    yield asked("who is told", lambda: _subscribers(bot, found))


def _dead_letters(bot: AwsBot) -> Check:
    found = dead_letters(bot)
    if found:
        says = ", ".join(f"{count} at {service}" for service, count in found.items())
        return Check("dead letters", "wrong", says, f"twbot dlq list --stage {bot.name}")
    return Check("dead letters", "ok", "none")


def _alarms(bot: AwsBot) -> Check:
    with bot.explained():
        pages = bot.client("cloudwatch").get_paginator("describe_alarms")
        asked_for = {"AlarmNamePrefix": f"{bot.stage.prefix}-", "AlarmTypes": ["MetricAlarm"]}
        alarms = [each for page in pages.paginate(**asked_for) for each in page["MetricAlarms"]]
    if not alarms:
        return Check("alarms", "wrong", "there are none: nobody would notice", f"twbot deploy --stage {bot.name}")
    loud = [each for each in alarms if each["StateValue"] == "ALARM"]
    if loud:
        says = "; ".join(f"{each['AlarmName']}: {each.get('AlarmDescription', '')}".rstrip(": ") for each in loud)
        return Check("alarms", "wrong", says, f"twbot status --stage {bot.name}; twbot logs --stage {bot.name}")
    return Check("alarms", "ok", f"all {len(alarms)} are quiet")


def _subscribers(bot: AwsBot, found: list[Stack]) -> Check:
    """Whoever has not confirmed hears of nothing. Addresses are not shown."""
    client, pending, told = bot.client("sns"), [], 0
    outputs = {each.service: each.outputs for each in found}
    for service, output in _TOPICS.items():
        if topic := outputs.get(service, {}).get(output):
            with bot.explained():
                pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
                subscribed = [each for page in pages for each in page["Subscriptions"]]
            told += len(subscribed)
            pending += [f"{each['Protocol']} ({service})" for each in subscribed if each["SubscriptionArn"] == _PENDING]
    if pending:
        says = f"{len(pending)} of {told} have not confirmed that they want to be told: {', '.join(pending)}"
        fix = f"Follow the link in AWS's message to them; see: twbot alerts list --stage {bot.name}"
        return Check("who is told", "warning", says, fix)
    if not told:
        fix = f"twbot alerts subscribe email ADDRESS --stage {bot.name}; alarms = […] in [stages.{bot.name}.aws]"
        return Check("who is told", "warning", "nobody hears of alerts or alarms", fix)
    return Check("who is told", "ok", f"{told} subscribers, all confirmed")
