"""A stage's log groups, read and followed.

By FilterLogEvents, not StartLiveTail: that one is paid by the minute, ends after three hours, shows a sample where
there is much, and cannot look back. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatchLogs_LiveTail.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from twbot.cli.operations.aws_errors import NotDeployed
from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.contracts import Event, decode_event
from twbot.lambdas.errors import BadEvent

Wait = Callable[[float], None]
MIN_CALL_INTERVAL = 0.2  # AWS takes five calls a second of an account
BACKOFF = (1.0, 2.0, 4.0, 8.0, 16.0)
THROTTLED = {"ThrottlingException", "LimitExceededException", "ServiceUnavailableException"}
# Lines come late and out of order: so far back each look reaches again, and no further than that from now.
OVERLAP, MAX_LAG = 60.0, 600.0


class LogEvent(NamedTuple):
    """A line of a log group; `at` in epoch seconds."""

    id: str
    at: float
    text: str
    group: str


class LogReader:
    """Reads log groups no faster than AWS lets it; one that is not there (yet) is empty, or what `needed` says."""

    def __init__(self, bot: AwsBot, *, wait: Wait = time.sleep) -> None:
        self._bot, self._wait = bot, wait
        self._logs = bot.client("logs")
        self._next = 0.0

    def read(
        self, group: str, *, since: float, until: float | None = None, pattern: str = "", needed: bool = False
    ) -> Iterator[LogEvent]:
        """In the order of their times. `pattern` must hold nothing of a user's that was not checked."""
        asked: dict[str, Any] = {"logGroupName": group, "startTime": max(0, int(since * 1000))}
        asked |= {"endTime": int(until * 1000)} if until is not None else {}
        asked |= {"filterPattern": pattern} if pattern else {}
        while True:
            page = self._page(asked, needed)
            for each in page["events"]:
                yield LogEvent(_id(each), each["timestamp"] / 1000, each["message"], group)
            if not (token := page.get("nextToken")):
                return
            asked["nextToken"] = token

    def _page(self, asked: dict[str, Any], needed: bool) -> dict[str, Any]:
        with self._bot.translate_errors():
            try:
                return self._patiently(asked)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
        if needed:
            region, group = self._logs.meta.region_name, asked["logGroupName"]
            missing = f"The stage {self._bot.name} is not deployed in {region}: it has no log group {group}."
            raise NotDeployed(missing, self._bot.name)
        return {"events": []}

    def _patiently(self, asked: dict[str, Any]) -> dict[str, Any]:
        for pause in BACKOFF:
            try:
                return self._call(asked)
            except ClientError as error:
                if error.response["Error"]["Code"] not in THROTTLED:
                    raise
                self._wait(pause)
        return self._call(asked)

    def _call(self, asked: dict[str, Any]) -> dict[str, Any]:
        if (early := self._next - time.monotonic()) > 0:
            self._wait(early)
        self._next = time.monotonic() + MIN_CALL_INTERVAL
        answer: dict[str, Any] = self._logs.filter_log_events(**asked)
        return answer


class LogFollower:
    """What is new in log groups at each look. Knows which lines it has shown, as long as they can come again."""

    def __init__(
        self, reader: LogReader, groups: Iterable[str], *, since: float, pattern: str = "", needed: bool = False
    ) -> None:
        self._reader, self._pattern, self._needed = reader, pattern, needed
        self._since = dict.fromkeys(groups, since)
        self._seen: dict[str, dict[str, float]] = {group: {} for group in self._since}

    def poll(self) -> list[LogEvent]:
        """The new lines of all groups, in the order of their times."""
        found = [line for group in self._since for line in self._look(group)]
        return sorted(found, key=lambda line: line.at)

    def _look(self, group: str) -> list[LogEvent]:
        seen, since = self._seen[group], self._since[group]
        read = self._reader.read(group, since=since, pattern=self._pattern, needed=self._needed)
        fresh = [line for line in read if line.id not in seen]
        seen |= {line.id: line.at for line in fresh}
        newest = max(seen.values(), default=since)
        self._since[group] = since = max(since, newest - OVERLAP, time.time() - MAX_LAG)
        self._seen[group] = {name: at for name, at in seen.items() if at >= since - 1}
        return fresh


def _id(each: dict[str, Any]) -> str:
    """botocore's model says that it may be left out, and an emulator does."""
    return str(each.get("eventId") or f"{each.get('logStreamName')}@{each['timestamp']}:{hash(each['message'])}")


POLL_INTERVAL = 1.0


def event_in(text: str) -> Event | None:
    """None for what is no event."""
    try:
        return decode_event(text)
    except BadEvent:
        return None
