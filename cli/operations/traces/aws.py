"""One post's way through a stage: its events, the workflow's steps, and what the functions logged about it."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Iterable, Iterator

from twbot.cli.operations.aws_errors import AwsError, NotDeployed
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.dead_letters.aws import AwsDeadLetters
from twbot.cli.operations.logs.aws import AwsLogs, post_pattern
from twbot.cli.operations.logs.aws_log_groups import LogReader, Wait, event_in
from twbot.cli.operations.logs.aws_workflow_lines import Step, step_in
from twbot.cli.operations.logs.records import LogFilter
from twbot.cli.operations.traces.aws_deliveries import (
    alerts,
    dead,
    deliveries,
    open_ends,
    suspect,
    troubles,
    unanswered,
    unseen,
    without_given_up,
)
from twbot.cli.operations.traces.aws_order import in_order, rank
from twbot.cli.operations.traces.aws_workflow_steps import executions
from twbot.cli.operations.traces.records import Span, Trace, spans_of_events, trace_of
from twbot.lambdas.contracts import Event, epoch
from twbot.lambdas.x.post_ids import is_id, posted_at, tweet_of
from twbot.stacks.names import event_log_name, workflow_log_name

MAX_TRACE_TIME = datetime.timedelta(days=1)
CLOCK_SKEW = datetime.timedelta(minutes=1)  # clocks differ
ANALYSIS_TIME = datetime.timedelta(minutes=15)
DELIVERY_TIME = datetime.timedelta(minutes=5)
_EVENT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class AwsTraces:
    def __init__(self, bot: AwsBot, *, wait: Wait = time.sleep) -> None:
        self._bot, self._wait = bot, wait
        self._reader = LogReader(bot, wait=wait)

    def of(
        self, tweet_id: str, *, since: datetime.datetime | None = None, until: datetime.datetime | None = None
    ) -> Trace | None:
        """From `since` on, before `until`; without them, in the day after it was made. None where nothing was heard."""
        if not is_id(tweet_id):
            return None
        start, end = self.window(tweet_id, since, until)
        events = self._events(tweet_id, start, end)
        if not events:
            return None
        moments = without_given_up(self._moments(tweet_id, events, start, end), self._dead(tweet_id, events))
        return trace_of(tweet_id, events, in_order(moments), option=f" --stage {self._bot.name}")

    def _moments(
        self, tweet_id: str, events: list[Event], start: datetime.datetime, end: datetime.datetime
    ) -> list[Span]:
        log = AwsLogs(self._bot, wait=self._wait)
        lines = list(log.lines(LogFilter(tweet_id=tweet_id, since=start, until=end)))
        last_look = end if any(event.replay_name for event in events) else None
        steps = [each for event in _received(events) for each in executions(self._steps(event, last_look))]
        found = [*spans_of_events(events), *steps, *alerts(events), *deliveries(events, lines), *troubles(lines)]
        return [*found, *_suspects(events, log)]

    def _dead(self, tweet_id: str, events: list[Event]) -> list[Span]:
        """Only where the post may have ended: to look takes seconds a queue, and hides what is in it meanwhile."""
        found: list[Span] = []
        for rule in open_ends(events):
            try:
                letters = AwsDeadLetters(self._bot).read(rule=rule).seen
                found += [dead(each) for each in letters if each.tweet_id == tweet_id]
            except NotDeployed:
                continue  # without a queue there are none
            except AwsError as problem:
                found.append(unseen(rule, problem, events))
        return found

    def window(
        self, tweet_id: str, since: datetime.datetime | None, until: datetime.datetime | None
    ) -> tuple[datetime.datetime, datetime.datetime]:
        """Where to look: from the post's time on; the last day, where the stage keeps no logs of then any more."""
        now = datetime.datetime.now(datetime.UTC)
        kept = posted_at(tweet_id) > now - datetime.timedelta(days=self._bot.config.aws.log_days)
        start = since or (posted_at(tweet_id) if kept else now - MAX_TRACE_TIME) - CLOCK_SKEW
        return start, until or (
            now + CLOCK_SKEW if since else min(start + MAX_TRACE_TIME + CLOCK_SKEW, now + CLOCK_SKEW)
        )

    def _events(self, tweet_id: str, start: datetime.datetime, end: datetime.datetime) -> list[Event]:
        group, pattern = event_log_name(self._bot.config), post_pattern(tweet_id)
        read = self._reader.read(group, since=start.timestamp(), until=end.timestamp(), pattern=pattern, needed=True)
        found = {(e.id, e.replay_name): e for e in map(event_in, (line.text for line in read)) if e is not None}
        mine = [event for event in found.values() if tweet_of(event) == tweet_id]
        return sorted(mine, key=lambda event: (int(epoch(event.time)), rank(event.detail_type)))

    def _steps(self, event: Event, until: datetime.datetime | None) -> Iterator[Step]:
        """EventBridge begins the execution's name with the event's id, at a replay with the same one."""
        at = datetime.datetime.fromisoformat(event.time)
        start, end = (at - CLOCK_SKEW).timestamp(), (until or at + ANALYSIS_TIME).timestamp()
        group = workflow_log_name(self._bot.config)
        for line in self._reader.read(group, since=start, until=end, pattern=f'"{event.id}"'):
            step = step_in(line.text)
            if step is not None and event.id in step.execution_arn:
                yield step


def _suspects(events: list[Event], log: AwsLogs) -> Iterator[Span]:
    """Where an answer is missing: the function's crashes and time-outs soon after. Lambda knows of no post."""
    if (open_end := unanswered(events)) is None:
        return
    cause, function = open_end
    since = datetime.datetime.fromisoformat(cause.time)
    wanted = LogFilter(service=function, level="ERROR", since=since, until=since + DELIVERY_TIME)
    yield from (suspect(line) for line in log.lines(wanted) if not line["correlation_id"])


def _received(events: Iterable[Event]) -> Iterator[Event]:
    """Each message once, however often a replay brought it back: its executions are all found by its id."""
    found = {event.id: event for event in events if event.detail_type == "MESSAGE_RECEIVED"}
    yield from (event for event in found.values() if _EVENT_ID.fullmatch(event.id))
