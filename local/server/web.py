"""The HTTP side of the local platform: /twitter for X, /health for whoever watches over the bot.

The handlers are sync; they run in a few threads. Beyond what waits for those, X is asked to come back.
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

THREADS = 8
WAITING = 256
CONNECTIONS = 1_024
BODY_SECONDS = 10.0
STOP_SECONDS = 5
_log = logging.getLogger("twbot.web")

Receive = Callable[[bytes, str | None], Answer]
Challenge = Callable[[str | None], Answer]
Health = Callable[[], dict[str, Any]]

_BUSY = Answer(503, {"error": "Too much at once; come back."}, retry_after=2)
_TOO_SLOW = Answer(408, {"error": "The body took too long to come."})
_BROKEN = Answer(500, {"error": "Something is wrong here; it is in our log."})


class _Workers:
    """Runs sync calls in at most THREADS threads, with at most `waiting` calls under way."""

    def __init__(self, waiting: int) -> None:
        self._free = waiting
        self._threads: anyio.CapacityLimiter | None = None

    @property
    def busy(self) -> bool:
        return self._free <= 0

    async def run(self, call: Callable[[], Answer]) -> Answer:
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


def web_app(
    *,
    receive: Receive,
    challenge: Challenge,
    health: Health,
    control: Sequence[BaseRoute] = (),
    waiting: int = WAITING,
) -> Starlette:
    """GET and POST /twitter, GET /health, and the routes of `control`."""
    workers = _Workers(waiting)

    async def answer(request: Request) -> Answer:
        if request.method != "POST":
            return challenge(request.query_params.get("crc_token"))
        body = _BUSY if workers.busy else await _body(request)
        if isinstance(body, Answer):
            return body
        signature = request.headers.get(HEADER)
        return await workers.run(lambda: receive(body, signature))

    async def twitter(request: Request) -> Response:
        started = time.monotonic()
        answered = await answer(request)
        took = round((time.monotonic() - started) * 1000, 1)
        _log.info("answered", extra={"method": request.method, "status": answered.status, "milliseconds": took})
        return _response(answered)

    async def healthy(_: Request) -> Response:
        return _response(await workers.run(lambda: Answer(200, health())))

    ours = [Route("/twitter", twitter, methods=["GET", "POST"]), Route("/health", healthy)]
    return Starlette(routes=[*ours, *control])


async def _body(request: Request) -> bytes | Answer:
    """The body; of one that is too large no more than MAX_BODY is read."""
    promised = request.headers.get("content-length", "")
    if promised.isdecimal() and (len(promised) > 15 or int(promised) > MAX_BODY):
        return too_large(0)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    return too_large(len(body))
    except (TimeoutError, ClientDisconnect):
        return _TOO_SLOW
    return bytes(body)


def _response(answer: Answer) -> Response:
    headers = {} if answer.retry_after is None else {"Retry-After": str(answer.retry_after)}
    return Response(msgspec.json.encode(answer.body), answer.status, headers, "application/json")


class WebServer:
    """Serves an app in a thread of its own."""

    def __init__(self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._address = (host, port)
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                access_log=False,
                log_config=None,
                lifespan="off",
                server_header=False,
                limit_concurrency=CONNECTIONS,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._thread: threading.Thread | None = None

    def start(self) -> int:
        """Listen; returns the port. Raises TwbotError where the port is taken."""
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
        """Finish what has begun, within seconds, and stop listening."""
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
