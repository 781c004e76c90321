"""One post's way through a stage: its events, the workflow's steps, and what the functions logged about it.

AWS keeps no record of what each rule did with an event: that is told by the event that came of it, by what the function
logged, and by the dead letters. EventBridge's times are whole seconds.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Iterable, Iterator

import msgspec

from lambdas.alerting.message import SUBJECT
from lambdas.contracts import Event
from lambdas.operating.lines import Line, WantedLines
from lambdas.operating.posts import is_id, posted_at, tweet_of
from lambdas.operating.traces import Moment, Trace, epoch, events_moments, last, traced
from stacks.names import event_log_name, workflow_log_name
from stacks.operate import AwsBot
from stacks.operate_events import LogReader, Wait, event_in
from stacks.operate_logs import AwsLog, post_pattern
from stacks.operate_steps import Step, executions, step_in

LONGEST = datetime.timedelta(days=1)
EARLIER = datetime.timedelta(minutes=1)  # clocks differ
ANALYSIS = datetime.timedelta(minutes=15)
# What happens in the same second happens in this order.
ORDER = ("MESSAGE_RECEIVED", "MESSAGE_ANALYSED", "ANALYSIS_FAILED", "SEND_TWEET", "TWEET_SENT", "TWEET_FAILED")
TRIES = {"text": 3, "image": 3}  # Lambda's own, of an event
_EVENT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class AwsTraces:
    def __init__(self, bot: AwsBot, *, wait: Wait = time.sleep) -> None:
        self._bot, self._wait = bot, wait
        self._reader = LogReader(bot, wait=wait)

    def of(
        self, tweet_id: str, *, since: datetime.datetime | None = None, until: datetime.datetime | None = None
    ) -> Trace | None:
        """From `since` (the time of the post) on, before `until` (a day later). None where nothing was heard of it."""
        if not is_id(tweet_id):
            return None
        start, end = self.window(tweet_id, since, until)
        events = self._events(tweet_id, start, end)
        if not events:
            return None
        wanted = WantedLines(tweet_id=tweet_id, since=start, until=end)
        lines = list(AwsLog(self._bot, wait=self._wait).lines(wanted))
        steps = [moment for event in _received(events) for moment in executions(self._steps(event))]
        moments = [*events_moments(events), *steps, *alerts(events), *deliveries(events, lines), *troubles(lines)]
        return traced(tweet_id, events, in_order(moments), option=f" --stage {self._bot.name}")

    def window(
        self, tweet_id: str, since: datetime.datetime | None, until: datetime.datetime | None
    ) -> tuple[datetime.datetime, datetime.datetime]:
        """Where to look: no further back than the stage keeps its logs."""
        now = datetime.datetime.now(datetime.UTC)
        oldest = now - datetime.timedelta(days=self._bot.stage.aws.log_days)
        start = since or max(posted_at(tweet_id) - EARLIER, oldest)
        return start, until or min(start + LONGEST, now + EARLIER)

    def _events(self, tweet_id: str, start: datetime.datetime, end: datetime.datetime) -> list[Event]:
        group, pattern = event_log_name(self._bot.stage), post_pattern(tweet_id)
        read = self._reader.read(group, since=start.timestamp(), until=end.timestamp(), pattern=pattern, needed=True)
        found = {(e.id, e.replay_name): e for e in map(event_in, (line.text for line in read)) if e is not None}
        mine = [event for event in found.values() if tweet_of(event) == tweet_id]
        return sorted(mine, key=lambda event: (int(epoch(event.time)), _rank(event.detail_type)))

    def _steps(self, event: Event) -> Iterator[Step]:
        """EventBridge begins the execution's name with the event's id."""
        at = datetime.datetime.fromisoformat(event.time)
        start, end = ((at + each).timestamp() for each in (-EARLIER, ANALYSIS))
        group = workflow_log_name(self._bot.stage)
        for line in self._reader.read(group, since=start, until=end, pattern=f'"{event.id}"'):
            step = step_in(line.text)
            if step is not None and event.id in step.execution_arn:
                yield step


def _received(events: Iterable[Event]) -> Iterator[Event]:
    """Each message once, however often a replay brought it back: its executions are all found by its id."""
    found = {event.id: event for event in events if event.detail_type == "MESSAGE_RECEIVED"}
    yield from (event for event in found.values() if _EVENT_ID.fullmatch(event.id))


def alerts(events: Iterable[Event]) -> Iterator[Moment]:
    """Whether it reached somebody is SNS's to know."""
    for event in events:
        sentiment = (event.detail.get("Analysis") or {}).get("TextSentiment")
        if event.detail_type == "MESSAGE_ANALYSED" and sentiment == "NEGATIVE":
            at = epoch(event.time)
            yield Moment(kind="alert", name="alert", start=at, end=at, note=f"{SUBJECT} (published to the topic)")


def deliveries(events: list[Event], lines: list[Line]) -> Iterator[Moment]:
    """What the rules did that call functions, as far as it shows."""
    analysed, command = last(events, "MESSAGE_ANALYSED"), last(events, "SEND_TWEET")
    if analysed is not None and analysed.detail.get("Summoned"):
        images = (analysed.detail.get("Analysis") or {}).get("Images") or []
        what = "image" if any(each.get("Key") for each in images) else "text"
        yield from _delivery(f"answer-{what}s", what, analysed, command, lines)
    if command is not None:
        ended = last(events, "TWEET_SENT") or last(events, "TWEET_FAILED")
        yield from _delivery("send-tweets", "egress", command, ended, lines)


def _delivery(rule: str, function: str, cause: Event, result: Event | None, lines: list[Line]) -> Iterator[Moment]:
    """Nothing where neither a result nor a failure shows: who could say whether it was tried?"""
    failures = [line for line in lines if line.get("function") == function and _is_failure(line)]
    if result is None and not failures:
        return
    start = epoch(cause.time)
    end = epoch(result.time) if result else max(epoch(line["timestamp"]) for line in failures)
    gave_up = result is None and len(failures) >= TRIES.get(function, len(failures) + 1)
    state = "done" if result else "dead" if gave_up else "waiting"
    moment = Moment(kind="delivery", name=rule, event=cause.detail_type, start=start, end=max(start, end), state=state)
    error = None if result else _said(failures[-1])
    note = "" if result else state
    yield msgspec.structs.replace(moment, attempts=len(failures) + (result is not None), error=error, note=note)


def troubles(lines: Iterable[Line]) -> Iterator[Moment]:
    """What the functions warned of."""
    for line in lines:
        if line["level"] in {"WARNING", "ERROR", "CRITICAL"}:
            at = epoch(line["timestamp"])
            yield Moment(kind="log", name=line["function"], start=at, end=at, note=f"{line['level']}: {_said(line)}")


def _is_failure(line: Line) -> bool:
    return line["message"] in {"the invocation failed", "reply put off"}


def _said(line: Line) -> str:
    """The reason that the line gives, or the last line of its traceback."""
    why = line.get("reason") or str(line.get("exception", "")).strip().rpartition("\n")[2]
    return f"{line['message']}: {why}" if why else str(line["message"])


def in_order(moments: Iterable[Moment]) -> list[Moment]:
    """Causes before effects. EventBridge tells only the second: no event is earlier than what led to it."""
    found: list[Moment] = []
    for each in sorted(moments, key=lambda each: (int(each.start), _place(each), each.start)):
        before = found[-1].start if found else each.start
        start = (
            max(before, each.start)
            if each.kind not in {"step", "log"} and int(before) == int(each.start)
            else each.start
        )
        found.append(msgspec.structs.replace(each, start=start, end=max(start, each.end)))
    return found


def _place(moment: Moment) -> float:
    """Among what happens in the same second: an event, what was done with it, then what came of that."""
    if moment.kind == "log":
        return len(ORDER) + 1
    after = {"event": 0.0, "alert": 0.1, "delivery": 0.2, "step": 0.3}[moment.kind]
    event = {"event": moment.name, "alert": "MESSAGE_ANALYSED", "step": "MESSAGE_RECEIVED"}.get(moment.kind)
    return _rank(event or moment.event or "") + after


def _rank(detail_type: str) -> int:
    return ORDER.index(detail_type) + 1 if detail_type in ORDER else 0
