"""Counts the events of a replay on AWS in the log of every event, because EventBridge does not count them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from twbot.cli.operations.aws_logs_insights import Insights
from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.replays import ReplayCount, ReplayRequest, reaching_people
from twbot.lambdas.wiring import Rule, rules_named
from twbot.stacks.names import event_log_name

# The archive keeps neither replayed events nor what they cause.
QUERY = """filter not ispresent(`replay-name`) and not ispresent(detail.ReplayName)
| fields `detail-type` as type | stats count(*) as events by type"""
# An event may take this long to get into the archive.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
MAX_LAG = datetime.timedelta(minutes=10)


def counted(bot: AwsBot, request: ReplayRequest, archive_days: int | None) -> ReplayCount:
    """Count the events of a replay, by type and by rule. `archive_days`: how long the archive keeps them.

    A rule's number is that of all events of its types: the rest of its pattern is not evaluated, so it may take fewer.
    """
    group = event_log_name(bot.config)
    rows = Insights(bot, QUERY, [group], request.since.timestamp(), request.until.timestamp()).rows()
    found = {row["type"]: int(row["events"]) for row in rows if "type" in row}
    rules = [rule for rule in rules_named(request.rules) if rule.takes_replays(with_replies=request.with_replies)]
    by_rule = {rule.name: sum(_taken(rule, found).values()) for rule in rules}
    by_type = {kind: count for kind, count in found.items() if any(kind in _taken(rule, found) for rule in rules)}
    notes = list(_notes(request, archive_days, _log_days(bot, group)))
    return ReplayCount(
        events=sum(by_type.values()),
        by_type=by_type,
        by_rule={rule: count for rule, count in by_rule.items() if count},
        reaches_people=reaching_people(by_rule, with_replies=request.with_replies),
        notes=notes,
    )


def _taken(rule: Rule, found: dict[str, int]) -> dict[str, int]:
    return {kind: count for kind, count in found.items() if rule.may_take(kind)}


def _notes(request: ReplayRequest, archive_days: int | None, log_days: int | None) -> Iterator[str]:
    now = datetime.datetime.now(datetime.UTC)
    yield "Counted by the log of every event; a rule may take fewer than there are of its types."
    if archive_days and now - request.since > datetime.timedelta(days=archive_days):
        yield f"The archive keeps events for {archive_days} days: what is older is not replayed."
    if log_days and now - request.since > datetime.timedelta(days=log_days):
        yield f"The log keeps events for {log_days} days: what is older is replayed, but not counted."
    if now - request.until < MAX_LAG:
        yield "Events take up to ten minutes into the archive: the newest may be missing. Choose an earlier --until."


def _log_days(bot: AwsBot, group: str) -> int | None:
    with bot.translate_errors():
        found = bot.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    return next((each.get("retentionInDays") for each in found if each["logGroupName"] == group), None)
