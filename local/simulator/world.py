"""The simulated X's state and services in one object, for the endpoints."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

from twbot.lambdas.ports import Keys
from twbot.local.simulator.deliveries import RETRY_DELAYS, TIMEOUT_SECONDS, Deliveries
from twbot.local.simulator.events import Events
from twbot.local.simulator.limits import Failures, Limits
from twbot.local.simulator.media import Pictures
from twbot.local.simulator.oauth import Gate
from twbot.local.simulator.people import People
from twbot.local.simulator.posts import Posts
from twbot.local.simulator.shapes_v1 import ShapesV1
from twbot.local.simulator.shapes_v2 import ShapesV2
from twbot.local.simulator.store import Store


class World:
    """All parts of the simulated X over one database. The first start makes the app's keys and the bot's account."""

    def __init__(
        self,
        folder: Path,
        *,
        base_url: str,
        bot: str = "twbot",
        control_token: str | None = None,
        retry_delays: Sequence[float] = RETRY_DELAYS,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self.store = Store(folder / "sim.db")
        self.base_url = base_url
        self.people = People(self.store)
        self.posts = Posts(self.store, self.people)
        self.pictures = Pictures(self.store, folder / "pictures")
        self.keys = self._first_start(bot)
        self.control_token = control_token or self._setting("control_token", secrets.token_urlsafe(32))
        self.page_token = self._setting("page_token", secrets.token_urlsafe(32))
        """The token of the page for people. It lasts: a bookmark of the page goes on working."""
        self.app_id = self._setting("app_id", self.store.new_id())
        self.gate = Gate(self.store, self.keys.api_key, self.keys.api_secret, self.keys.bearer_token or "")
        self.v2 = ShapesV2(self.store, self.people, self.posts, self.pictures, base_url)
        self.v1 = ShapesV1(self.people, self.posts, self.pictures, self.v2)
        secret = self.keys.api_secret
        self.failures = Failures()
        self.deliveries = Deliveries(self.store, secret, self.failures, retry_delays=retry_delays, timeout=timeout)
        parts = (self.store, self.people, self.posts, self.v1, self.v2, self.deliveries)
        self.events = Events(*parts, self.app_id)
        self.limits = Limits()
        self.ending = False
        """Whether the process is about to end: streams end first."""
        self._waiting: set[asyncio.Event] = set()

    def keys_of(self, username: str) -> Keys:
        """Return the app's keys with the user's access token. User and token are made where they don't exist."""
        user = self.people.give_token(username)
        return Keys(
            api_key=self._setting("consumer_key", secrets.token_hex(12) + "k"),
            api_secret=self._setting("consumer_secret", secrets.token_hex(25)),
            access_token=user["access_token"],
            access_token_secret=user["access_secret"],
            bearer_token=self._setting("bearer_token", "AAAAAAAAAAAAAAAAAAAAA" + secrets.token_hex(40)),
        )

    def revision(self) -> str:
        """Return a text that changes whenever something does."""
        return f"{self.store.changes}.{self.limits.changes}.{self.failures.changes}"

    def something_happened(self) -> None:
        """Wake the calls of `wait`, after a new post."""
        for waiting in self._waiting:
            waiting.set()

    async def wait(self, seconds: float) -> None:
        """Wait until something happens, at most `seconds`."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            await asyncio.wait_for(event.wait(), max(seconds, 0))
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(event)

    def close(self) -> None:
        self.deliveries.stop()
        self.store.close()

    def _first_start(self, bot: str) -> Keys:
        return self.keys_of(self._setting("bot", bot))

    def _setting(self, name: str, default: str) -> str:
        """Return a setting. The first time, store the default."""
        if (value := self.store.setting(name)) is None:
            self.store.keep(name, value := default)
        return value
