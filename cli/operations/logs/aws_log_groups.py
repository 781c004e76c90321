"""Reads and follows a stage's log groups, with FilterLogEvents.

StartLiveTail is billed by the minute, ends after three hours, samples where there are many lines, and can't read what
is older. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatchLogs_LiveTail.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from twbot.cli.operations.aws_errors import NotDeployed
from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.contracts import Event, decode_event
from twbot.lambdas.errors import BadEvent

Wait = Callable[[float], object]
# Seconds. The quota is five calls a second, for the whole account.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
MIN_CALL_INTERVAL = 0.2
BACKOFF = (1.0, 2.0, 4.0, 8.0, 16.0)
THROTTLED = {"ThrottlingException", "LimitExceededException", "ServiceUnavailableException"}
# Seconds. Lines arrive late and out of order, so each poll reads again from OVERLAP before the newest line, but never
# what is older than MAX_LAG.
OVERLAP, MAX_LAG = 60.0, 600.0


class LogEvent(NamedTuple):
    """A log event of a log group."""

    id: str
    at: float
    """Epoch seconds."""
    text: str
    group: str


class LogReader:
    """Reads log groups, no faster than the quota of FilterLogEvents allows."""

    def __init__(self, bot: AwsBot, *, wait: Wait = time.sleep) -> None:
        self._bot, self._wait = bot, wait
        self._logs = bot.client("logs")
        self._next = 0.0

    def read(
        self, group: str, *, since: float, until: float | None = None, pattern: str = "", needed: bool = False
    ) -> Iterator[LogEvent]:
        """Yield the log events from `since` on, before `until` (epoch seconds), in the order of their times.

        `pattern` is put into the call as it is: check what a person typed first. A group that does not exist (yet) has
        no events; with `needed` NotDeployed is raised.
        """
        parameters: dict[str, Any] = {"logGroupName": group, "startTime": max(0, int(since * 1000))}
        parameters |= {"endTime": int(until * 1000)} if until is not None else {}
        parameters |= {"filterPattern": pattern} if pattern else {}
        while True:
            page = self._page(parameters, needed)
            for each in page["events"]:
                yield LogEvent(_id(each), each["timestamp"] / 1000, each["message"], group)
            if not (token := page.get("nextToken")):
                return
            parameters["nextToken"] = token

    def _page(self, parameters: dict[str, Any], needed: bool) -> dict[str, Any]:
        with self._bot.translate_errors():
            try:
                return self._call_with_retries(parameters)
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
        if needed:
            region, group = self._logs.meta.region_name, parameters["logGroupName"]
            missing = f"The stage {self._bot.name} is not deployed in {region}: it has no log group {group}."
            raise NotDeployed(missing, self._bot.name)
        return {"events": []}

    def _call_with_retries(self, parameters: dict[str, Any]) -> dict[str, Any]:
        # boto3's own four attempts end within seconds; other readers of the account may use the quota for longer.
        for pause in BACKOFF:
            try:
                return self._call(parameters)
            except ClientError as error:
                if error_code(error) not in THROTTLED:
                    raise
                self._wait(pause)
        return self._call(parameters)

    def _call(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if (early := self._next - time.monotonic()) > 0:
            self._wait(early)
        self._next = time.monotonic() + MIN_CALL_INTERVAL
        answer: dict[str, Any] = self._logs.filter_log_events(**parameters)
        return answer


class LogFollower:
    """Returns the new lines of log groups at each poll. It remembers a line for as long as it can come again."""

    def __init__(
        self, reader: LogReader, groups: Iterable[str], *, since: float, pattern: str = "", needed: bool = False
    ) -> None:
        self._reader, self._pattern, self._needed = reader, pattern, needed
        self._since = dict.fromkeys(groups, since)
        self._seen: dict[str, dict[str, float]] = {group: {} for group in self._since}

    def poll(self) -> list[LogEvent]:
        """Return the new lines of all groups, in the order of their times."""
        found = [line for group in self._since for line in self._new_lines(group)]
        return sorted(found, key=lambda line: line.at)

    def _new_lines(self, group: str) -> list[LogEvent]:
        seen, since = self._seen[group], self._since[group]
        read = self._reader.read(group, since=since, pattern=self._pattern, needed=self._needed)
        new = [line for line in read if line.id not in seen]
        seen |= {line.id: line.at for line in new}
        newest = max(seen.values(), default=since)
        self._since[group] = since = max(since, newest - OVERLAP, time.time() - MAX_LAG)
        # startTime is in milliseconds: a second more, lest rounding brings a line back.
        self._seen[group] = {name: at for name, at in seen.items() if at >= since - 1}
        return new


def _id(each: dict[str, Any]) -> str:
    """Return the id of a log event, or make one: botocore's model makes it optional, and emulators leave it out."""
    return str(each.get("eventId") or f"{each.get('logStreamName')}@{each['timestamp']}:{hash(each['message'])}")


POLL_INTERVAL = 1.0
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
MAX_PATTERN_LENGTH = 1024
_TYPE = re.compile(r"[A-Z][A-Z_]{0,60}")


def event_in(text: str) -> Event | None:
    """Return the event in a line; None where it is none."""
    try:
        return decode_event(text)
    except BadEvent:
        return None


def type_pattern(types: Collection[str]) -> str:
    """Return a filter pattern for events of these types.

    It is empty, and so passes all events, where one of them is no type's name or the pattern gets too long: the caller
    filters, too. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    if not types or not all(_TYPE.fullmatch(each) for each in types):
        return ""
    tests = " || ".join(f'$.detail-type = "{each}"' for each in sorted(types))
    pattern = f"{{ {tests} }}"
    return pattern if len(pattern) <= MAX_PATTERN_LENGTH else ""
