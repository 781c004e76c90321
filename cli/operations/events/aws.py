"""The events of a stage's bus, by the log group of every event."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Collection, Iterator

from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.logs.aws_log_groups import MAX_LAG, POLL_INTERVAL, LogFollower, LogReader, Wait, event_in
from twbot.lambdas.contracts import Event
from twbot.stacks.names import event_log_name

MAX_PATTERN_LENGTH = 1024
_TYPE = re.compile(r"[A-Z][A-Z_]{0,60}")


class AwsLiveEvents:
    """The bus of a stage, as it goes on."""

    def __init__(self, bot: AwsBot, *, wait: Wait = time.sleep) -> None:
        self._bot, self._wait = bot, wait

    def events(self, *, since: datetime.datetime | None = None, types: Collection[str] = ()) -> Iterator[Event]:
        """From `since` on, else from now on, each once; never ends. Raises NotDeployed."""
        reader = LogReader(self._bot, wait=self._wait)
        start = since.timestamp() if since else float(int(time.time()))  # EventBridge knows whole seconds
        group = event_log_name(self._bot.config)
        following = LogFollower(reader, [group], since=start, pattern=type_pattern(types), needed=True)
        shown: dict[tuple[str, str | None], float] = {}
        while True:
            for line in following.poll():
                event = event_in(line.text)
                if event is not None and (key := (event.id, event.replay_name)) not in shown:
                    shown[key] = line.at
                    yield event
            newest = max(shown.values(), default=start)
            shown = {key: at for key, at in shown.items() if at >= newest - MAX_LAG}
            self._wait(POLL_INTERVAL)


def type_pattern(types: Collection[str]) -> str:
    """A filter pattern for events of these types; none where one of them is no type's name: who asked filters, too.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    if not types or not all(_TYPE.fullmatch(each) for each in types):
        return ""
    tests = " || ".join(f'$.detail-type = "{each}"' for each in sorted(types))
    pattern = f"{{ {tests} }}"
    return pattern if len(pattern) <= MAX_PATTERN_LENGTH else ""
