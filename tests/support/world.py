"""One bot with instant analysers beside one simulated X, for the tests of a worker. Each test brings its own people."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.support.instant_models import Instant
from tests.support.quick_replies import short_waits
from twbot.lambdas.ports import MediaStore
from twbot.lambdas.settings import Settings
from twbot.local.adapters.models import Analysers
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder
from twbot.local.system import System, beside_simulated_x


class World:
    """What a test does on X, and sees of it."""

    def __init__(self, system: System, home: DataFolder) -> None:
        assert system.x is not None
        self.system, self.home, self.x = system, home, system.x.client

    def settle(self) -> None:
        """Wait until X has delivered everything, and the bot has finished with it."""
        until = time.monotonic() + 30
        while self.x.deliveries(state="pending") or not self.system.bot.bus.drain(5.0, retries=True):
            assert time.monotonic() < until, "the bot does not come to rest"

    def ask(self, author: str, text: str, **details: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Post, and the replies once everything has settled."""
        post = self.x.post(author, text, **details)
        self.settle()
        return post, self.replies(post)

    def replies(self, post: dict[str, Any]) -> list[dict[str, Any]]:
        return self.x.replies(post["id"], author="twbot")

    def events(self, post: dict[str, Any], detail_type: str, *, replayed: bool = False) -> list[dict[str, Any]]:
        with History(self.home.bus) as history:
            found = history.events(detail_type=detail_type, tweet_id=post["id"], replayed=replayed)
            return [event.detail for event in found]


@contextlib.contextmanager
def running_world(folder: Path, analysers: Callable[[MediaStore, Path], Analysers] = Instant) -> Iterator[World]:
    home = DataFolder(folder)
    with (
        short_waits(0.2),
        beside_simulated_x(home, Settings(), on_progress=_silent, analysers=analysers) as system,
    ):
        assert system.x is not None
        system.x.client.limits({"POST /2/tweets": 100_000}, posts_a_day=100_000)
        yield World(system, home)


def _silent(_: str) -> None:
    return None
