"""The web server of the local platform: /twitter for X's webhook calls, /health for monitoring.

The handlers are synchronous and run in a few threads. When too many calls wait for a thread, further ones get a 503.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import anyio.to_thread
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.ingress.responses import MAX_BODY, Answer, too_large
from twbot.lambdas.ingress.signature import HEADER
from twbot.local.server.connections import MAX_HEAD, Connections, Limits, default_limits, guarded

THREADS = 8
WAITING = 256  # calls under way, those that wait for a thread included
BODY_SECONDS = 10.0  # a sender that trickles its body must not hold a connection for ever
# Bytes of all bodies in memory, over which a body of more than BODY_SHARE is refused.
BODIES = 64_000_000
BODY_SHARE = 131_072
STOP_SECONDS = 5
_log = logging.getLogger("twbot.web")

Receive = Callable[[bytes, str | None], Answer]
Challenge = Callable[[str | None], Answer]
Health = Callable[[], dict[str, Any]]

_BUSY = Answer(503, {"error": "Too much at once; come back."}, retry_after=2)
_TOO_SLOW = Answer(408, {"error": "The body took too long to come."})
_BROKEN = Answer(500, {"error": "Something is wrong here; it is in our log."})


class _Workers:
    """Runs synchronous calls in at most THREADS threads, with at most `waiting` of them under way."""

    def __init__(self, waiting: int) -> None:
        self._free = waiting
        self._threads: anyio.CapacityLimiter | None = None

    @property
    def busy(self) -> bool:
        return self._free <= 0

    async def run(self, call: Callable[[], Answer]) -> Answer:
        """Return the call's answer, 503 when too many are under way, 500 when it raises."""
        # X tries again when it gets no 200, so a quick 503 is better than an answer after X's 10 seconds:
        # https://docs.x.com/x-api/webhooks/introduction
        if self.busy:
            return _BUSY
        self._free -= 1
        try:
            self._threads = self._threads or anyio.CapacityLimiter(THREADS)  # needs the running loop
            return await anyio.to_thread.run_sync(call, limiter=self._threads)
        except Exception:
            _log.exception("a request failed")
            return _BROKEN
        finally:
            self._free += 1


class _Memory:
    """The bytes of the bodies in memory."""

    def __init__(self, limit: int) -> None:
        self._limit, self._held = limit, 0

    def hold(self, size: int, more: int) -> bool:
        """Count `more` bytes of a body of `size` bytes. Return False where that is too much."""
        self._held += more
        return self._held <= self._limit or size <= BODY_SHARE

    def free(self, size: int) -> None:
        self._held -= size


def web_app(
    *,
    receive: Receive,
    challenge: Challenge,
    health: Health,
    control: Sequence[BaseRoute] = (),
    waiting: int = WAITING,
    bodies: int = BODIES,
) -> Starlette:
    """Return the application: GET and POST /twitter, GET /health, and the routes of `control`."""
    workers, memory = _Workers(waiting), _Memory(bodies)

    async def answer(request: Request) -> Answer:
        if request.method != "POST":
            return challenge(request.query_params.get("crc_token"))
        # Refuse before reading the body: up to MAX_BODY a call would stay in memory.
        if workers.busy:
            return _BUSY
        body = bytearray()
        try:
            if (refusal := await _read(request, body, memory)) is not None:
                return refusal
            content, signature = bytes(body), request.headers.get(HEADER)
            return await workers.run(lambda: receive(content, signature))
        finally:
            memory.free(len(body))

    async def twitter(request: Request) -> Response:
        started = time.monotonic()
        result = await answer(request)
        milliseconds = round((time.monotonic() - started) * 1000, 1)
        _log.info("answered", extra={"method": request.method, "status": result.status, "milliseconds": milliseconds})
        return _response(result)

    async def healthy(_: Request) -> Response:
        return _response(await workers.run(lambda: _healthy(health())))

    routes = [Route("/twitter", twitter, methods=["GET", "POST"]), Route("/health", healthy)]
    return Starlette(routes=[*routes, *control])


def _healthy(found: dict[str, Any]) -> Answer:
    return Answer(503 if "problem" in found else 200, found)


async def _read(request: Request, body: bytearray, memory: _Memory) -> Answer | None:
    """Read the body into `body`. Stop at MAX_BODY bytes, after BODY_SECONDS, or where memory is short: the answer."""
    length = request.headers.get("content-length", "")
    # Check the number of digits first: int() raises for more than 4,300 of them.
    # https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
    if length.isdecimal() and (len(length) > 15 or int(length) > MAX_BODY):
        return too_large(0)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if not memory.hold(len(body), len(chunk)):
                    return _BUSY
                if len(body) > MAX_BODY:
                    return too_large(len(body))
    except (TimeoutError, ClientDisconnect):
        return _TOO_SLOW
    return None


def _response(answer: Answer) -> Response:
    headers = {} if answer.retry_after is None else {"Retry-After": str(answer.retry_after)}
    return Response(msgspec.json.encode(answer.body), answer.status, headers, "application/json")


class WebServer:
    """Serves an app in a thread of its own."""

    def __init__(self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0, limits: Limits | None = None) -> None:
        self._address = (host, port)
        limits = limits or default_limits()
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                access_log=False,
                log_config=None,
                lifespan="off",
                server_header=False,
                # h11 has a limit for the size of a head, httptools has none.
                http=guarded(Connections(limits)),
                h11_max_incomplete_event_size=MAX_HEAD,
                ws="none",
                # asyncio accepts as many connections at a time, before it tells anybody: they need files, too.
                backlog=limits.connections,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._thread: threading.Thread | None = None

    def start(self) -> int:
        """Listen, and return the port. Raises TwbotError where the port is taken."""
        # Bind in this thread: uvicorn would only log a taken port and exit its own thread.
        listening = _listen(*self._address)
        self._thread = threading.Thread(target=self._server.run, args=([listening],), name="web", daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.005)
        if not self._server.started:
            raise TwbotError("The web server did not start; the log says why.")
        port: int = listening.getsockname()[1]
        return port

    def stop(self) -> None:
        """Stop listening, and wait up to STOP_SECONDS for the calls under way."""
        self._server.should_exit = True
        if self._thread:
            self._thread.join(STOP_SECONDS + 2)


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise TwbotError(f"Cannot listen on {host}:{port}: {reason}. Choose another: --port") from None
