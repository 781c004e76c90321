"""The live events of a stage's bus, from the log group of every event."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Collection, Iterator

from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.events.filters import EVERYTHING, EventFilter
from twbot.cli.operations.logs.aws_log_groups import (
    MAX_LAG,
    POLL_INTERVAL,
    LogFollower,
    LogReader,
    Wait,
    event_in,
    type_pattern,
)
from twbot.lambdas.contracts import Event
from twbot.stacks.names import event_log_name

# How far back `recent` looks, in seconds: as far as needed. Reading more of the log takes longer.
LOOK_BACK = (600, 3600, 6 * 3600, 24 * 3600)
# EventBridge delivers again for a day what it could not deliver. Nearly everything is there within minutes.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
MAX_DELIVERY_SECONDS = 3600
_ID = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)


class AwsLiveEvents:
    """The live events of a stage."""

    def __init__(self, bot: AwsBot, *, wait: Wait = time.sleep) -> None:
        self._bot, self._wait = bot, wait

    def events(self, *, since: datetime.datetime | None = None, types: Collection[str] = ()) -> Iterator[Event]:
        """Yield the events from `since` on, else from now on, each once. Never ends. Raises NotDeployed."""
        reader = LogReader(self._bot, wait=self._wait)
        start = since.timestamp() if since else float(int(time.time()))  # EventBridge's times are whole seconds
        group = event_log_name(self._bot.config)
        following = LogFollower(reader, [group], since=start, pattern=type_pattern(types), needed=True)
        shown: dict[tuple[str, str | None], float] = {}
        while True:
            for line in following.poll():
                event = event_in(line.text)
                # EventBridge may deliver an event twice. A replayed one has its old id and is shown again.
                if event is not None and (key := (event.id, event.replay_name)) not in shown:
                    shown[key] = line.at
                    yield event
            # Older lines can't come again: the follower reads back no further than MAX_LAG.
            newest = max(shown.values(), default=start)
            shown = {key: at for key, at in shown.items() if at >= newest - MAX_LAG}
            self._wait(POLL_INTERVAL)

    def recent(
        self, limit: int, chosen: EventFilter = EVERYTHING, *, since: datetime.datetime | None = None
    ) -> list[Event]:
        """Return the newest events first, at most `limit`: of the last day, unless `since` says otherwise.

        Raises NotDeployed, AwsError.
        """
        now = time.time()
        starts = [since.timestamp()] if since else [now - seconds for seconds in LOOK_BACK]
        found: dict[tuple[str, str | None], Event] = {}  # the newest first
        until = now + MAX_LAG
        for start in starts:
            read = list(self._between(start, until, type_pattern(chosen.types)))
            for event in reversed(read):
                if chosen.matches(event):
                    found.setdefault((event.id, event.replay_name), event)
            if len(found) >= limit:
                break
            until = start
        return list(found.values())[:limit]

    def event(self, event_id: str, at: datetime.datetime) -> Event | None:
        """Return the event with this id, from the log of the hour after `at`. Raises NotDeployed, AwsError."""
        if not _ID.fullmatch(event_id):
            return None
        start = at.timestamp() - MAX_LAG
        read = self._between(start, start + MAX_LAG + MAX_DELIVERY_SECONDS, f'{{ $.id = "{event_id}" }}')
        return next((each for each in read if each.id == event_id), None)

    def _between(self, start: float, until: float, pattern: str) -> Iterator[Event]:
        reader, group = LogReader(self._bot, wait=self._wait), event_log_name(self._bot.config)
        for line in reader.read(group, since=start, until=until, pattern=pattern, needed=True):
            if (event := event_in(line.text)) is not None:
                yield event
