"""The newest posts of a stage with what was made of them, from the log of every event."""

from __future__ import annotations

import datetime

from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.logs.aws_log_groups import LogReader, event_in, type_pattern
from twbot.cli.operations.traces.aws_order import rank
from twbot.cli.operations.traces.conversations import (
    BEGINNINGS,
    BadCursor,
    Conversation,
    Conversations,
    conversation_of,
)
from twbot.cli.operations.traces.records import spans_of_events, trace_of
from twbot.lambdas.contracts import Event, epoch
from twbot.lambdas.x.post_ids import tweet_of
from twbot.stacks.names import event_log_name

# How far back the newest posts are looked for: as far as needed. Reading more of the log takes longer.
NEWEST_HOURS = (1, 6, 24)
SHOWN = (
    *BEGINNINGS,
    "MESSAGE_ANALYSED",
    "ANALYSIS_FAILED",
    "SEND_TWEET",
    "TWEET_SENT",
    "TWEET_FAILED",
    "TWEET_WITHHELD",
)
# What became of the last posts of a page comes after them.
ANSWER_TIME = datetime.timedelta(minutes=15)
# X's clock and those of AWS differ.
CLOCK_SKEW = datetime.timedelta(minutes=1)


def newest(bot: AwsBot, reader: LogReader, limit: int, before: str | None, matching: str) -> Conversations:
    """Return the newest posts of a day before a time in epoch seconds, the newest first.

    Their outcomes are what the events tell: what waits is in a trace. Raises BadCursor, NotDeployed, AwsError.
    """
    end = _moment(before)
    found: list[Conversation] = []
    for hours in NEWEST_HOURS:
        found = _between(bot, reader, end - datetime.timedelta(hours=hours), end, matching)
        if len(found) > limit:
            break
    # EventBridge's times are whole seconds: what shares one with the last post of the page comes again on the next.
    more = found[limit - 1].at if len(found) > limit else None
    return Conversations(found=found[:limit], before=f"{int(more) + 1}" if more is not None else None)


def _between(
    bot: AwsBot, reader: LogReader, start: datetime.datetime, end: datetime.datetime, matching: str
) -> list[Conversation]:
    """Return the posts that began between two times, the newest first."""
    group, pattern, until = event_log_name(bot.config), type_pattern(SHOWN), (end + ANSWER_TIME).timestamp()
    events: dict[str, dict[str, Event]] = {}
    for line in reader.read(group, since=start.timestamp(), until=until, pattern=pattern, needed=True):
        event = event_in(line.text)
        if event is not None and event.replay_name is None and (tweet_id := tweet_of(event)) is not None:
            events.setdefault(tweet_id, {})[event.id] = event
    found = []
    for tweet_id, by_id in events.items():
        about = sorted(by_id.values(), key=lambda event: (int(epoch(event.time)), rank(event.detail_type)))
        if about[0].detail_type in BEGINNINGS and epoch(about[0].time) < end.timestamp():
            found.append(_conversation(bot, tweet_id, about))
    return sorted((each for each in found if each.matches(matching)), key=lambda each: -each.at)


def _conversation(bot: AwsBot, tweet_id: str, events: list[Event]) -> Conversation:
    trace = trace_of(tweet_id, events, spans_of_events(events), option=bot.option)
    assert trace is not None
    return conversation_of(events, trace)


def _moment(before: str | None) -> datetime.datetime:
    if before is None:
        return datetime.datetime.now(datetime.UTC) + CLOCK_SKEW
    try:
        return datetime.datetime.fromtimestamp(int(before), datetime.UTC)
    except (ValueError, OverflowError, OSError):
        raise BadCursor(before) from None
