"""Guards the connections of the web server: whoever is slow, idle, endless or many keeps nobody else out.

uvicorn closes a connection that idles after an answer, and has no time limit before the first request:
https://www.uvicorn.org/settings/#timeouts
"""

from __future__ import annotations

import asyncio
import logging
import resource
from collections import Counter
from typing import Any, ClassVar

import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from twbot.local.joined_writes import JoinedWrites
from twbot.local.server.addresses import is_loopback

HEAD_SECONDS = 10.0  # until a request's head is complete
MAX_HEAD = 65_536  # bytes of it
MOST_CONNECTIONS = 512
FEWEST_CONNECTIONS = 16
LOG_SECONDS = 10.0
_log = logging.getLogger("twbot.web")
# What uvicorn says of a single request: its warnings are counted instead, and anybody can cause any number of them.
_of_requests = logging.getLogger("twbot.web.requests")


class Limits(msgspec.Struct, frozen=True):
    """How many connections a server has, and how long it waits."""

    connections: int
    of_one_address: int
    """Connections of a client that is not on this machine."""
    head_seconds: float = HEAD_SECONDS


def default_limits() -> Limits:
    """Return limits that leave most of this process's files to the bot itself."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_CONNECTIONS if files == resource.RLIM_INFINITY else files // 4
    connections = min(MOST_CONNECTIONS, max(FEWEST_CONNECTIONS, most))
    return Limits(connections, connections // 2)


class Refusals:
    """Counts what was refused, in the server's loop, and logs the counts: at once, then every LOG_SECONDS."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    def count(self, reason: str) -> None:
        self._counts[reason] += 1
        if self._timer is None:
            self._log()

    def _log(self) -> None:
        self._timer = None
        if self._counts:
            _log.warning("refused", extra={"refused": dict(self._counts)})
            self._counts.clear()
            self._timer = asyncio.get_running_loop().call_later(LOG_SECONDS, self._log)


class Connections:
    """The open connections of a server.

    Those whose request is not complete may be closed for a new one, the oldest first: what X sends is complete within
    moments. Those whose request is being handled stay.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.refusals = Refusals()
        self._open: dict[Guarded, str] = {}
        self._unfinished: dict[Guarded, None] = {}  # the oldest first

    def admit(self, connection: Guarded, address: str) -> bool:
        """Add a connection, close others where there are too many. Return False where none can be closed."""
        # From this machine's own address all of X's calls may come, where a proxy stands in front.
        of_address = 0 if is_loopback(address) else list(self._open.values()).count(address)
        if of_address >= self.limits.of_one_address and not self._make_room(address):
            return False
        if len(self._open) >= self.limits.connections and not self._make_room():
            return False
        self._open[connection] = address
        self.begin(connection)
        return True

    def begin(self, connection: Guarded) -> None:
        """Note that the connection waits for a request."""
        if connection in self._open:
            self._unfinished.setdefault(connection, None)

    def complete(self, connection: Guarded) -> None:
        """Note that the connection's request is complete: it is being handled."""
        self._unfinished.pop(connection, None)

    def remove(self, connection: Guarded) -> None:
        self._open.pop(connection, None)
        self._unfinished.pop(connection, None)

    def _make_room(self, address: str | None = None) -> bool:
        for oldest in self._unfinished:
            if address in (None, self._open.get(oldest)):
                oldest.close("closed-for-another")
                return True
        self.refusals.count("too-many-connections")
        return False


class Guarded(H11Protocol):
    """A connection that is closed when its request's head takes too long, or when another needs its place."""

    guard: ClassVar[Connections]

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.logger = _of_requests
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(JoinedWrites(transport))  # type: ignore[arg-type]
        if self.guard.admit(self, self.client[0] if self.client else ""):
            self._look()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self.guard.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def send_400_response(self, msg: str) -> None:
        self.guard.refusals.count("malformed")
        super().send_400_response(msg)

    def close(self, reason: str) -> None:
        """Close the connection at once, and give its place free."""
        self.guard.refusals.count(reason)
        self.guard.remove(self)
        self._disarm()
        self.transport.abort()

    def _look(self) -> None:
        """See how far the request is: whether its head may take time, and whether another may have its place."""
        request = None if self.cycle is None or self.cycle.response_complete else self.cycle
        if request is not None:
            self._disarm()
        elif self._late is None and not self.transport.is_closing():
            self._late = self.loop.call_later(self.guard.limits.head_seconds, self.close, "slow-head")
        if request is None or request.more_body:
            self.guard.begin(self)
        else:
            self.guard.complete(self)

    def _disarm(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def guarded(connections: Connections) -> type[Guarded]:
    """Return the protocol of one server, with these connections."""
    return type("GuardedHere", (Guarded,), {"guard": connections})


def _count_requests(record: logging.LogRecord) -> bool:
    # uvicorn's warnings are about what a client sent, and are counted: only its errors are lines of the log.
    return record.levelno >= logging.ERROR


_of_requests.addFilter(_count_requests)
