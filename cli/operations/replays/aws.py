"""Replays of a stage's archive on AWS: EventBridge's, to the rules of the stage's bus.

EventBridge filters by rules and time only, sets its own pace, counts nothing, and runs ten replays of an account at
once. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from twbot.cli.operations.aws_errors import AwsError, NotDeployed
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.replays.aws_counts import counted
from twbot.cli.operations.replays.aws_records import Description, replay_in
from twbot.cli.operations.replays.aws_rules import fitting
from twbot.lambdas.contracts import REPLAY, REPLAY_WITH_REPLIES
from twbot.lambdas.replays import Replay, ReplayCount, ReplayRequest, new_name
from twbot.lambdas.wiring import rules_named
from twbot.stacks.names import rule_name


class Archive(NamedTuple):
    arn: str
    bus: str
    days: int | None


class AwsReplays:
    poll_interval = 3.0

    def __init__(self, bot: AwsBot) -> None:
        self._bot, self._events = bot, bot.client("events")
        self._archive_found: Archive | None = None

    def fit(self, wanted: ReplayRequest) -> ReplayRequest:
        """As EventBridge can do it. Raises Unfit."""
        return fitting(wanted)

    def count(self, wanted: ReplayRequest) -> ReplayCount:
        """By the log of every event, which is kept for its own time. Raises NotDeployed."""
        return counted(self._bot, wanted, self._archive().days)

    def start(self, wanted: ReplayRequest, events: int) -> Replay:
        name = new_name(REPLAY_WITH_REPLIES if wanted.with_replies else REPLAY)
        archive = self._archive()
        rules = [archive.bus.replace(":event-bus/", ":rule/") + "/" + _there(self._bot, rule) for rule in wanted.rules]
        with self._bot.translate_errors():
            try:
                self._events.start_replay(
                    ReplayName=name,
                    Description=Description(types=wanted.types, events=events).text(),
                    EventSourceArn=archive.arn,
                    EventStartTime=wanted.since,
                    EventEndTime=wanted.until,
                    Destination={"Arn": archive.bus, "FilterArns": rules},
                )
            except self._events.exceptions.LimitExceededException:
                hint = f"See: twbot replay list --stage {self._bot.name}; cancel one, or wait"
                raise AwsError("EventBridge runs ten replays of an account at once, and they do.", hint) from None
        # DescribeReplay may not know of it yet.
        begun = Replay(name=name, wanted=wanted, chosen=events, state="running", started=time.time())
        return self.named(name) or begun

    def cancel(self, name: str) -> Replay | None:
        """EventBridge takes a moment: until then it is `cancelling`. What has ended stays as it is."""
        with self._bot.translate_errors():
            try:
                self._events.cancel_replay(ReplayName=name)
            except ClientError as error:
                if error.response["Error"]["Code"] not in {"IllegalStatusException", "ResourceNotFoundException"}:
                    raise
        return self.named(name)

    def named(self, name: str) -> Replay | None:
        """None also for another stage's."""
        with self._bot.translate_errors():
            try:
                found = self._events.describe_replay(ReplayName=name)
            except self._events.exceptions.ResourceNotFoundException:
                return None
        archive = self._archive()
        return replay_in(found, self._bot.config) if found["EventSourceArn"] == archive.arn else None

    def newest(self, limit: int) -> list[Replay]:
        archive, found = self._archive(), list[dict[str, Any]]()
        asked: dict[str, Any] = {"EventSourceArn": archive.arn}
        with self._bot.translate_errors():
            while True:
                page = self._events.list_replays(**asked)
                found += page["Replays"]
                if not (token := page.get("NextToken")):
                    break
                asked["NextToken"] = token
        found.sort(key=lambda each: each["ReplayStartTime"], reverse=True)
        told = (self.named(each["ReplayName"]) for each in found[:limit])
        return [each for each in told if each is not None]

    def _archive(self) -> Archive:
        if self._archive_found is None:
            name = self._bot.output("plumbing", "ArchiveName")
            with self._bot.translate_errors():
                try:
                    found = self._events.describe_archive(ArchiveName=name)
                except self._events.exceptions.ResourceNotFoundException:
                    message = f"The stage {self._bot.name} has no archive {name} any more."
                    raise NotDeployed(message, self._bot.name) from None
            self._archive_found = Archive(
                found["ArchiveArn"], found["EventSourceArn"], found.get("RetentionDays") or None
            )
        return self._archive_found


def _there(bot: AwsBot, rule: str) -> str:
    (found,) = rules_named([rule])
    return rule_name(bot.config, found.name)
