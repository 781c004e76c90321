"""The log of a stage: the log groups of its functions, its workflow and its webhook, merged into one."""

from __future__ import annotations

import datetime
import heapq
import time
from collections.abc import Iterator

from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.logs.aws_lines import Source, line_of
from twbot.cli.operations.logs.aws_log_groups import POLL_INTERVAL, LogEvent, LogFollower, LogReader, Wait
from twbot.cli.operations.logs.records import Line, LogFilter
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.x.post_ids import is_id, posted_at
from twbot.stacks.config import StageConfig
from twbot.stacks.functions import functions
from twbot.stacks.names import function_log_name, workflow_log_name

DEFAULT_SPAN = datetime.timedelta(hours=1)
WEBHOOK = "webhook"


def sources(stage: StageConfig) -> list[Source]:
    """Return the log groups of a stage's functions, its webhook and its workflow."""
    called = [Source(function_log_name(stage, each.name), each.service, each.name) for each in functions().values()]
    webhook = Source(function_log_name(stage, WEBHOOK), "ingress", WEBHOOK)
    return [*called, webhook, Source(workflow_log_name(stage), "analysis", "workflow")]


class AwsLogs:
    """The log of a stage. Without `since` it begins when the post was made, or an hour ago. Raises TwbotError."""

    def __init__(self, bot: AwsBot, *, wait: Wait = time.sleep) -> None:
        self._bot, self._wait = bot, wait

    def lines(self, log_filter: LogFilter) -> Iterator[Line]:
        """Yield the lines, the oldest first. Raises TwbotError for a service that the stage does not have."""
        reader = LogReader(self._bot, wait=self._wait)
        since = log_filter.since or _default_start(log_filter.tweet_id)
        until = log_filter.until.timestamp() if log_filter.until else None
        chosen = self._chosen(log_filter)
        read = [
            reader.read(group, since=since.timestamp(), until=until, pattern=post_pattern(log_filter.tweet_id))
            for group in chosen
        ]
        found = heapq.merge(*read, key=lambda line: line.at)
        yield from filter(log_filter.takes, (_line(each, chosen) for each in found))

    def follow(self, log_filter: LogFilter) -> Iterator[Line]:
        """Yield the lines that are logged from now on. Never ends."""
        reader, chosen = LogReader(self._bot, wait=self._wait), self._chosen(log_filter)
        following = LogFollower(reader, chosen, since=time.time(), pattern=post_pattern(log_filter.tweet_id))
        while True:
            yield from filter(log_filter.takes, [_line(each, chosen) for each in following.poll()])
            self._wait(POLL_INTERVAL)

    def _chosen(self, log_filter: LogFilter) -> dict[str, Source]:
        service = log_filter.service
        found = [each for each in sources(self._bot.config) if service in {None, each.service, each.function}]
        if not found:
            names = {name for each in sources(self._bot.config) for name in (each.service, each.function)}
            raise TwbotError(f"The stage {self._bot.name} logs nothing as {service!r}: {', '.join(sorted(names))}.")
        return {each.group: each for each in found}


def _default_start(tweet_id: str | None) -> datetime.datetime:
    return posted_at(tweet_id) if tweet_id and is_id(tweet_id) else datetime.datetime.now(datetime.UTC) - DEFAULT_SPAN


def post_pattern(tweet_id: str | None) -> str:
    """Return a filter pattern for lines with this id. It is empty, and passes all lines, for what is no id.

    What a person typed must not become part of a pattern unchecked. The caller filters the lines, too.
    """
    return f'"{tweet_id}"' if tweet_id and is_id(tweet_id) else ""


def _line(event: LogEvent, chosen: dict[str, Source]) -> Line:
    return line_of(event.text, event.at, chosen[event.group])
