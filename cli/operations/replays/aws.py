"""Replays of a stage's archive on AWS, by EventBridge, to rules of the stage's bus.

EventBridge filters by rule and time only, sets the rate itself, counts nothing, and runs ten replays of an account at
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
from twbot.cli.operations.replays.aws_rules import supported_request
from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.contracts import REPLAY, REPLAY_WITH_REPLIES
from twbot.lambdas.replays import Replay, ReplayCount, ReplayRequest, new_name
from twbot.lambdas.wiring import rules_named
from twbot.stacks.names import rule_name


class Archive(NamedTuple):
    arn: str
    bus: str
    days: int | None
    """How long it keeps events; None for ever."""


class AwsReplays:
    """The replays of a stage. Raises AwsError, NotDeployed."""

    poll_interval = 3.0

    def __init__(self, bot: AwsBot) -> None:
        self._bot, self._events = bot, bot.client("events")
        self._archive_cache: Archive | None = None

    def fit(self, request: ReplayRequest) -> ReplayRequest:
        """Return the request as EventBridge can do it. Raises UnsupportedReplay."""
        return supported_request(request)

    def count(self, request: ReplayRequest) -> ReplayCount:
        """Count the events in the log of every event, which may be kept for another time than the archive."""
        return counted(self._bot, request, self._archive().days)

    def start(self, request: ReplayRequest, events: int) -> Replay:
        name = new_name(REPLAY_WITH_REPLIES if request.with_replies else REPLAY)
        archive = self._archive()
        # The ARN of a rule contains its bus.
        prefix = archive.bus.replace(":event-bus/", ":rule/")
        rules = [f"{prefix}/{_deployed_name(self._bot, rule)}" for rule in request.rules]
        with self._bot.translate_errors():
            try:
                self._events.start_replay(
                    ReplayName=name,
                    Description=Description(types=request.types, events=events).text(),
                    EventSourceArn=archive.arn,
                    EventStartTime=request.since,
                    EventEndTime=request.until,
                    Destination={"Arn": archive.bus, "FilterArns": rules},
                )
            except self._events.exceptions.LimitExceededException:
                hint = f"See: twbot replay list --stage {self._bot.name}; cancel one, or wait"
                raise AwsError("EventBridge runs ten replays of an account at once, and they do.", hint) from None
        # DescribeReplay may not find a replay that has just been started.
        started = Replay(name=name, wanted=request, chosen=events, state="running", started=time.time())
        return self.named(name) or started

    def cancel(self, name: str) -> Replay | None:
        """Cancel a replay. It is `cancelling` until EventBridge has stopped it; one that has ended stays as it is."""
        with self._bot.translate_errors():
            try:
                self._events.cancel_replay(ReplayName=name)
            except ClientError as error:
                if error_code(error) not in {"IllegalStatusException", "ResourceNotFoundException"}:
                    raise
        return self.named(name)

    def named(self, name: str) -> Replay | None:
        """Return a replay; None where there is none of this name, or it is another stage's."""
        with self._bot.translate_errors():
            try:
                description = self._events.describe_replay(ReplayName=name)
            except self._events.exceptions.ResourceNotFoundException:
                return None
        archive = self._archive()
        return replay_in(description, self._bot.config) if description["EventSourceArn"] == archive.arn else None

    def newest(self, limit: int) -> list[Replay]:
        archive, found = self._archive(), list[dict[str, Any]]()
        parameters: dict[str, Any] = {"EventSourceArn": archive.arn}
        with self._bot.translate_errors():
            while True:  # boto3 has no paginator for ListReplays
                page = self._events.list_replays(**parameters)
                found += page["Replays"]
                if not (token := page.get("NextToken")):
                    break
                parameters["NextToken"] = token
        found.sort(key=lambda each: each["ReplayStartTime"], reverse=True)
        # ListReplays does not return the rules and the description.
        # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListReplays.html
        replays = (self.named(each["ReplayName"]) for each in found[:limit])
        return [each for each in replays if each is not None]

    def _archive(self) -> Archive:
        if self._archive_cache is None:
            name = self._bot.output("plumbing", "ArchiveName")
            with self._bot.translate_errors():
                try:
                    found = self._events.describe_archive(ArchiveName=name)
                except self._events.exceptions.ResourceNotFoundException:
                    message = f"The stage {self._bot.name} has no archive {name} any more."
                    raise NotDeployed(message, self._bot.name) from None
            self._archive_cache = Archive(
                found["ArchiveArn"], found["EventSourceArn"], found.get("RetentionDays") or None
            )
        return self._archive_cache


def _deployed_name(bot: AwsBot, rule: str) -> str:
    (found,) = rules_named([rule])
    return rule_name(bot.config, found.name)
