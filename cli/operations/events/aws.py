"""The live events of a stage's bus, from the log group of every event."""

from __future__ import annotations

import datetime
import time
from collections.abc import Collection, Iterator

from twbot.cli.operations.aws_stage import AwsBot
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
