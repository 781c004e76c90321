"""The events of the bus for all open windows: one thread follows them, however many look."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import threading
import time
from collections.abc import AsyncIterator, Iterator

from twbot.cli.operations.events.port import live_events_of
from twbot.cli.operations.target import Target
from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import TwbotError

# Windows that look at once: each holds a connection open.
MAX_WATCHERS = 32
# Events that a window may be behind: it then loads its page anew.
MAX_BEHIND = 500
RETRY_SECONDS = 2.0


class TooManyWatchers(TwbotError):
    """There are MAX_WATCHERS already."""


class _NobodyWatchesError(Exception):
    pass


class Gap(enum.Enum):
    """What a window is told between two events: its name on the stream."""

    LOST = "reload"
    """Some were left out, or the bot can't be followed at the moment."""
    QUIET = "quiet"
    """None came for a while. What no event tells of may have changed."""


class Watcher:
    """The events for one window. Made in the event loop that reads them."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Event | Gap] = asyncio.Queue()

    def put(self, event: Event | Gap) -> None:
        """Add an event or a gap, from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._add, event)

    async def events(self, timeout: float) -> AsyncIterator[Event | Gap]:
        """Yield the events as they come, and the gaps between: QUIET where none came for `timeout` seconds."""
        while True:
            try:
                yield await asyncio.wait_for(self._queue.get(), timeout)
            except TimeoutError:
                yield Gap.QUIET

    def _add(self, event: Event | Gap) -> None:
        if self._queue.qsize() >= MAX_BEHIND:
            while not self._queue.empty():
                self._queue.get_nowait()
            event = Gap.LOST
        self._queue.put_nowait(event)


class Feed:
    """Follows the bus of a bot while somebody watches."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._watchers: set[Watcher] = set()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def watch(self) -> Iterator[Watcher]:
        """Yield a watcher of the events from now on. Raises TooManyWatchers."""
        watcher = Watcher()
        with self._lock:
            if len(self._watchers) >= MAX_WATCHERS:
                raise TooManyWatchers("Too many windows look at this console: close some.")
            self._watchers.add(watcher)
            if self._thread is None:
                self._thread = threading.Thread(target=self._follow, name="console-feed", daemon=True)
                self._thread.start()
        try:
            yield watcher
        finally:
            with self._lock:
                self._watchers.discard(watcher)

    def _follow(self) -> None:
        """Pass on events until nobody watches. A bot that can't be read is looked for again and again."""
        with contextlib.suppress(_NobodyWatchesError):
            while True:
                try:
                    for event in live_events_of(self._target, wait=self._wait).events():
                        self._pass_on(event)
                except TwbotError:
                    self._pass_on(Gap.LOST)
                    self._wait(RETRY_SECONDS)

    def _wait(self, seconds: float) -> None:
        time.sleep(seconds)
        with self._lock:
            if self._watchers:
                return
            self._thread = None
        raise _NobodyWatchesError

    def _pass_on(self, event: Event | Gap) -> None:
        with self._lock:
            watchers = list(self._watchers)
        for each in watchers:
            each.put(event)
