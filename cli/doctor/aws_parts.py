"""The checks of a deployed stage's parts on AWS, each with its fix."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from twbot.cli.deploy.deployed_stacks import Stack, stacks
from twbot.cli.doctor.clock import MAX_CLOCK_SKEW
from twbot.cli.operations.aws_errors import AwsError, NotDeployed
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.rules.aws import AwsRules
from twbot.cli.ui.check import Check
from twbot.stacks.functions import functions
from twbot.stacks.names import function_name, queue_name, stack_services
from twbot.stacks.version import code_version

# A new account may run far fewer functions at once than the quota of 1,000.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MIN_CONCURRENCY = 100
QUOTA_COMMAND = (
    "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384"
    " --desired-value 1000"
)


def asked(name: str, check: Callable[[], Check]) -> Check:
    """Return what a check finds.

    A warning where AWS refuses to answer, because that proves no fault; wrong where a resource does not exist.
    """
    try:
        return check()
    except NotDeployed as problem:
        return Check(name, "wrong", str(problem), problem.hint)
    except AwsError as problem:
        return Check(name, "warning", f"could not be looked at: {problem}", problem.hint)


def clock(bot: AwsBot) -> Check:
    """Compare this machine's clock with the date of an answer of AWS."""
    with bot.translate_errors():
        answer = bot.client("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
    off = time.time() - parsedate_to_datetime(answer["date"]).timestamp()
    if abs(off) > MAX_CLOCK_SKEW:
        return Check("clock", "wrong", f"{off:+.0f} seconds from AWS's", "sudo timedatectl set-ntp true")
    return Check("clock", "ok", "as AWS's, to the minute")


def region(bot: AwsBot) -> Check:
    """Check that the region is the one of the stage's settings."""
    here, expected = bot.client("sts").meta.region_name, bot.config.aws.region
    if expected not in (None, here):
        says = f"{here} is asked for, and the stage {bot.name} is in {expected}"
        return Check("place", "warning", says, f"Leave --region out, or change region in [stages.{bot.name}.aws]")
    return Check("place", "ok", f"the stage {bot.name} is for {here}")


def all_stacks(bot: AwsBot) -> tuple[Check, list[Stack]]:
    """Check that all stacks exist and none has failed. Returns those that exist, too."""
    found = stacks(bot)
    deploy = f"twbot deploy --stage {bot.name}"
    if not found:
        where = bot.client("cloudformation").meta.region_name
        return Check("stacks", "wrong", f"the stage {bot.name} is not deployed in {where}", deploy), found
    missing = [service for service in stack_services() if service not in {each.service for each in found}]
    if missing:
        return Check("stacks", "wrong", f"not all are there: {', '.join(missing)} missing", deploy), found
    bad = [each for each in found if each.status.endswith("FAILED") or each.status == "ROLLBACK_COMPLETE"]
    if bad:
        says = ", ".join(f"{each.name} is {each.status}" for each in bad)
        return Check("stacks", "wrong", says, deploy), found
    busy = [each.name for each in found if each.busy]
    if busy:
        return Check("stacks", "warning", f"being changed: {', '.join(busy)}", "Wait, and look again"), found
    return Check("stacks", "ok", f"all {len(found)} are there, none being changed"), found


def parts(bot: AwsBot, found: list[Stack]) -> Iterator[Check]:
    """Yield the checks of a deployed stage's parts."""
    yield _code(bot, found)
    yield asked("functions", lambda: _functions(bot))
    yield asked("concurrency", lambda: _concurrency(bot))
    yield asked("rules", lambda: _rules(bot))
    yield asked("reply queue", lambda: _feed(bot))
    yield asked("archive", lambda: _archive(bot, found))


def _code(bot: AwsBot, found: list[Stack]) -> Check:
    deployed = next((each.outputs.get("CodeVersion") for each in found if each.service == "plumbing"), None)
    fix = f"See what differs: twbot diff --stage {bot.name}; then: twbot deploy --stage {bot.name}"
    if deployed is None:
        return Check("code", "warning", "the stage does not say which code it runs: deployed by an older twbot", fix)
    if deployed != code_version():
        return Check("code", "warning", f"the stage runs {deployed}, this twbot is {code_version()}", fix)
    return Check("code", "ok", f"the stage runs this twbot's ({deployed})")


def _functions(bot: AwsBot) -> Check:
    client, bad = bot.client("lambda"), []
    for name in functions():
        with bot.translate_errors():
            try:
                found = client.get_function_configuration(FunctionName=function_name(bot.config, name))
            except client.exceptions.ResourceNotFoundException:
                bad.append(f"{name} is missing")
                continue
        # Inactive is a function that was idle: its next invocation makes it active.
        # https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
        if found.get("State", "Active") not in {"Active", "Inactive"}:
            bad.append(f"{name} is {found['State']}: {found.get('StateReason', 'AWS does not say why')}")
        elif found.get("LastUpdateStatus") == "Failed":
            bad.append(f"{name} was not updated: {found.get('LastUpdateStatusReason', 'AWS does not say why')}")
    if bad:
        return Check("functions", "wrong", "; ".join(bad), f"twbot deploy --stage {bot.name}")
    return Check("functions", "ok", f"all {len(functions())} are there and ready")


def _concurrency(bot: AwsBot) -> Check:
    with bot.translate_errors():
        limit = bot.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if limit < MIN_CONCURRENCY:
        says = f"AWS runs at most {limit} functions of this account at once: a rush of posts is slowed down"
        return Check("concurrency", "warning", says, f"Ask AWS for more: {QUOTA_COMMAND}")
    return Check("concurrency", "ok", f"AWS runs up to {limit:,} functions of this account at once")


def _rules(bot: AwsBot) -> Check:
    bad = [each for each in AwsRules(bot).deployed() if each.state not in ("enabled", "not-declared")]
    if bad:
        words = {"other-pattern": "has another pattern than this twbot's"}
        says = "; ".join(f"{each.name} {words.get(each.state, f'is {each.state}')}" for each in bad)
        enable = f"See them: twbot rules list --stage {bot.name}; set them right: twbot deploy --stage {bot.name}"
        return Check("rules", "wrong", says, enable)
    return Check("rules", "ok", "all there, enabled, and as declared")


def _feed(bot: AwsBot) -> Check:
    """Check that the queue of replies feeds the function that posts them."""
    fix = f"twbot deploy --stage {bot.name}"
    with bot.translate_errors():
        pages = bot.client("lambda").get_paginator("list_event_source_mappings")
        feeds = [
            each
            for page in pages.paginate(FunctionName=function_name(bot.config, "egress"))
            for each in page["EventSourceMappings"]
            if each["EventSourceArn"].endswith(f":{queue_name(bot.config)}")
        ]
    if not feeds:
        return Check("reply queue", "wrong", "nothing takes replies from the queue: none is posted", fix)
    if (state := feeds[0]["State"]) not in {"Enabled", "Enabling", "Updating", "Creating"}:
        fix = f"aws lambda update-event-source-mapping --uuid {feeds[0]['UUID']} --enabled"
        return Check("reply queue", "wrong", f"no reply is posted: its feed is {state}", fix)
    return Check("reply queue", "ok", "feeds the function that posts replies")


def _archive(bot: AwsBot, found: list[Stack]) -> Check:
    name = next((each.outputs.get("ArchiveName") for each in found if each.service == "plumbing"), None)
    client = bot.client("events")
    with bot.translate_errors():
        try:
            archive: dict[str, Any] = client.describe_archive(ArchiveName=name) if name else {}
        except client.exceptions.ResourceNotFoundException:
            archive = {}
    if not archive:
        fix = f"twbot deploy --stage {bot.name}"
        return Check("archive", "wrong", "there is none: nothing can be replayed", fix)
    if archive["State"] not in {"ENABLED", "CREATING", "UPDATING"}:
        why = archive.get("StateReason") or "AWS does not say why"
        fix = f"Switch it on at the console: EventBridge, Archives, {name}"
        return Check("archive", "wrong", f"it is {archive['State']} ({why}): what comes now can't be replayed", fix)
    days = archive.get("RetentionDays")
    return Check("archive", "ok", f"keeps events for {f'{days} days' if days else 'ever'}")
