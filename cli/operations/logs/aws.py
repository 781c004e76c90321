"""The log of a stage: its functions' log groups, what failed in its workflow, and its webhook's answers, as one."""

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
from twbot.stacks.functions import FUNCTIONS
from twbot.stacks.names import function_log_name, workflow_log_name

USUAL = datetime.timedelta(hours=1)
WEBHOOK = "webhook"


def sources(stage: StageConfig) -> list[Source]:
    """All that logs in a stage."""
    functions = [Source(function_log_name(stage, each.name), each.service, each.name) for each in FUNCTIONS.values()]
    webhook = Source(function_log_name(stage, WEBHOOK), "ingress", WEBHOOK)
    return [*functions, webhook, Source(workflow_log_name(stage), "analysis", "workflow")]


class AwsLogs:
    """Without `since`: the last hour's, or from a post's time on."""

    def __init__(self, bot: AwsBot, *, wait: Wait = time.sleep) -> None:
        self._bot, self._wait = bot, wait

    def lines(self, wanted: LogFilter) -> Iterator[Line]:
        """The oldest first. Raises TwbotError for a service that there is not."""
        reader = LogReader(self._bot, wait=self._wait)
        since = wanted.since or _usual(wanted.tweet_id)
        until = wanted.until.timestamp() if wanted.until else None
        chosen = self._chosen(wanted)
        read = [
            reader.read(group, since=since.timestamp(), until=until, pattern=post_pattern(wanted.tweet_id))
            for group in chosen
        ]
        found = heapq.merge(*read, key=lambda line: line.at)
        yield from filter(wanted.takes, (_line(each, chosen) for each in found))

    def follow(self, wanted: LogFilter) -> Iterator[Line]:
        """What is logged from now on; never ends."""
        reader, chosen = LogReader(self._bot, wait=self._wait), self._chosen(wanted)
        following = LogFollower(reader, chosen, since=time.time(), pattern=post_pattern(wanted.tweet_id))
        while True:
            yield from filter(wanted.takes, [_line(each, chosen) for each in following.poll()])
            self._wait(POLL_INTERVAL)

    def _chosen(self, wanted: LogFilter) -> dict[str, Source]:
        found = [each for each in sources(self._bot.config) if wanted.service in {None, each.service, each.function}]
        if not found:
            there = {name for each in sources(self._bot.config) for name in (each.service, each.function)}
            raise TwbotError(
                f"The stage {self._bot.name} logs nothing as {wanted.service!r}: {', '.join(sorted(there))}."
            )
        return {each.group: each for each in found}


def _usual(tweet_id: str | None) -> datetime.datetime:
    return posted_at(tweet_id) if tweet_id and is_id(tweet_id) else datetime.datetime.now(datetime.UTC) - USUAL


def post_pattern(tweet_id: str | None) -> str:
    """A filter pattern for lines with this id in them; none for what is no id: whoever asked filters, too."""
    return f'"{tweet_id}"' if tweet_id and is_id(tweet_id) else ""


def _line(event: LogEvent, chosen: dict[str, Source]) -> Line:
    return line_of(event.text, event.at, chosen[event.group])
