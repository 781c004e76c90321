"""The trace of a post through a stage, from its events, the steps of the workflow, and the lines of the functions."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Iterable, Iterator

import msgspec

from twbot.cli.operations.aws_errors import AwsError, NotDeployed
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.dead_letters.aws import AwsDeadLetters
from twbot.cli.operations.logs.aws import AwsLogs, post_pattern
from twbot.cli.operations.logs.aws_log_groups import LogReader, Wait, event_in
from twbot.cli.operations.logs.aws_workflow_lines import Step, step_in
from twbot.cli.operations.logs.records import Line, LogFilter
from twbot.cli.operations.traces.aws_conversations import newest
from twbot.cli.operations.traces.aws_deliveries import (
    alerts,
    dead_letter_span,
    deliveries,
    open_ends,
    problem_spans,
    suspect_span,
    unanswered,
    unread_span,
    without_given_up,
)
from twbot.cli.operations.traces.aws_order import rank, sorted_spans
from twbot.cli.operations.traces.aws_workflow_steps import executions
from twbot.cli.operations.traces.conversations import Conversations
from twbot.cli.operations.traces.lives import begins_of, life_at, lived, replay_of
from twbot.cli.operations.traces.records import Span, Trace, spans_of_events, trace_of
from twbot.lambdas.contracts import Event, epoch
from twbot.lambdas.x.post_ids import is_id, posted_at, tweet_of
from twbot.stacks.names import event_log_name, workflow_log_name

# How long after a post its trace may go on: reading more of the log takes longer.
MAX_TRACE_TIME = datetime.timedelta(days=1)
# X's clock and those of AWS differ.
CLOCK_SKEW = datetime.timedelta(minutes=1)
# Within these an execution of the workflow ends, and a function has failed for the last time.
ANALYSIS_TIME = datetime.timedelta(minutes=15)
DELIVERY_TIME = datetime.timedelta(minutes=5)
_EVENT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class AwsTraces:
    """The traces of a stage. Raises AwsError, NotDeployed."""

    def __init__(self, bot: AwsBot, *, wait: Wait = time.sleep) -> None:
        self._bot, self._wait = bot, wait
        self._reader = LogReader(bot, wait=wait)

    def of(
        self, tweet_id: str, *, since: datetime.datetime | None = None, until: datetime.datetime | None = None
    ) -> Trace | None:
        """Return the trace from `since` on, before `until`; without them, of the day after the post was made.

        None where the log has no event about the post.
        """
        if not is_id(tweet_id):
            return None
        start, end = self.window(tweet_id, since, until)
        events = self._events(tweet_id, start, end)
        if not events:
            return None
        spans = without_given_up(self._spans(tweet_id, events, start, end), self._dead_letters(tweet_id, events))
        begins = begins_of(events)
        return trace_of(
            tweet_id,
            events,
            sorted_spans(lived(spans, begins)),
            replays=[*begins],
            option=f" --stage {self._bot.name}",
        )

    def events(self, tweet_id: str) -> list[Event]:
        """Return the events about a post, the oldest first, with replayed ones."""
        return self._events(tweet_id, *self.window(tweet_id, None, None))

    def newest(self, limit: int, *, before: str | None = None, matching: str = "") -> Conversations:
        """Return the newest posts first. `before`: epoch seconds. Raises BadCursor."""
        return newest(self._bot, self._reader, limit, before, matching)

    def _spans(
        self, tweet_id: str, events: list[Event], start: datetime.datetime, end: datetime.datetime
    ) -> list[Span]:
        log = AwsLogs(self._bot, wait=self._wait)
        lines = list(log.lines(LogFilter(tweet_id=tweet_id, since=start, until=end)))
        # A replay runs the workflow again, at any time after the event's own.
        until = end if any(event.replay_name for event in events) else None
        steps = [each for event in _received(events) for each in executions(self._steps(event, until))]
        more = [*steps, *alerts(events), *_deliveries(events, lines), *problem_spans(lines), *_suspects(events, log)]
        return [*spans_of_events(events), *more]

    def _dead_letters(self, tweet_id: str, events: list[Event]) -> list[Span]:
        """Return the dead letters about the post, from the queues in which it may have ended."""
        # Not from all queues: reading one takes seconds, and hides its messages from others meanwhile.
        found: list[Span] = []
        for rule in open_ends(events):
            try:
                read = AwsDeadLetters(self._bot).read(rule=rule).seen
                found += [dead_letter_span(each) for each in read if each.tweet_id == tweet_id]
            except NotDeployed:
                continue  # no queue, no dead letters
            except AwsError as problem:
                found.append(unread_span(rule, problem, events))
        return found

    def window(
        self, tweet_id: str, since: datetime.datetime | None, until: datetime.datetime | None
    ) -> tuple[datetime.datetime, datetime.datetime]:
        """Return the time to read: from the post on, or the last day where the stage no longer has the logs of then."""
        now = datetime.datetime.now(datetime.UTC)
        has_logs = posted_at(tweet_id) > now - datetime.timedelta(days=self._bot.config.aws.log_days)
        start = since or (posted_at(tweet_id) if has_logs else now - MAX_TRACE_TIME) - CLOCK_SKEW
        return start, until or (
            now + CLOCK_SKEW if since else min(start + MAX_TRACE_TIME + CLOCK_SKEW, now + CLOCK_SKEW)
        )

    def _events(self, tweet_id: str, start: datetime.datetime, end: datetime.datetime) -> list[Event]:
        group, pattern = event_log_name(self._bot.config), post_pattern(tweet_id)
        read = self._reader.read(group, since=start.timestamp(), until=end.timestamp(), pattern=pattern, needed=True)
        found = {(e.id, e.replay_name): e for e in map(event_in, (line.text for line in read)) if e is not None}
        # The pattern also finds events that only mention the id, such as replies to the post.
        about_post = [event for event in found.values() if tweet_of(event) == tweet_id]
        return sorted(about_post, key=lambda event: (int(epoch(event.time)), rank(event.detail_type)))

    def _steps(self, event: Event, until: datetime.datetime | None) -> Iterator[Step]:
        """Yield the steps of the executions that an event started, also by a replay: their names begin with its id."""
        at = datetime.datetime.fromisoformat(event.time)
        start, end = (at - CLOCK_SKEW).timestamp(), (until or at + ANALYSIS_TIME).timestamp()
        group = workflow_log_name(self._bot.config)
        for line in self._reader.read(group, since=start, until=end, pattern=f'"{event.id}"'):
            step = step_in(line.text)
            if step is not None and event.id in step.execution_arn:
                yield step


def _deliveries(events: list[Event], lines: list[Line]) -> Iterator[Span]:
    """Yield the deliveries of each life of the post, as its events and lines show them."""
    begins = begins_of(events)
    for life in (None, *begins):
        of_life = [event for event in events if replay_of(event) == life]
        while_it_lived = [line for line in lines if life_at(epoch(line["timestamp"]), begins) == life]
        for span in deliveries(of_life, while_it_lived):
            yield msgspec.structs.replace(span, replay=life)


def _suspects(events: list[Event], log: AwsLogs) -> Iterator[Span]:
    """Yield the crashes and time-outs of the function that did not answer, soon after its event.

    They may belong to another post: Lambda's own lines name none.
    """
    if (missing := unanswered(events)) is None:
        return
    cause, function = missing
    since = datetime.datetime.fromisoformat(cause.time)
    errors = LogFilter(service=function, level="ERROR", since=since, until=since + DELIVERY_TIME)
    yield from (suspect_span(line) for line in log.lines(errors) if not line["correlation_id"])


def _received(events: Iterable[Event]) -> Iterator[Event]:
    """Yield each MESSAGE_RECEIVED once, however often it was replayed: its id finds all of its executions."""
    found = {event.id: event for event in events if event.detail_type == "MESSAGE_RECEIVED"}
    # The id becomes part of a filter pattern.
    yield from (event for event in found.values() if _EVENT_ID.fullmatch(event.id))
