"""The web server of the local platform: /twitter for X's webhook calls, /health for monitoring.

The handlers are synchronous and run in a few threads. When too many calls wait for a thread, further ones get a 503.
X's webhooks are handled in turns: those that come while others are written to the disk are the next turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, cast

import anyio
import anyio.to_thread
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Scope, Send
from starlette.types import Receive as Incoming

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.ingress.responses import MAX_BODY, Answer, too_large
from twbot.lambdas.ingress.signature import HEADER
from twbot.local.server.connections import MAX_HEAD, Connections, Limits, default_limits, guarded

THREADS = 8
# Turns of webhooks under way, and webhooks in one: while one turn waits for the disk, the next is read.
TURNS, TURN = 2, 64
WAITING = 256  # calls under way, those that wait for a thread included
BODY_SECONDS = 10.0  # a sender that trickles its body must not hold a connection for ever
# Bytes of all bodies in memory, over which a body of more than BODY_SHARE is refused.
BODIES = 64_000_000
BODY_SHARE = 131_072
STOP_SECONDS = 5
_SIGNATURE = HEADER.lower().encode()
_log = logging.getLogger("twbot.web")

Call = tuple[bytes, str | None]  # the body and the signature of a webhook
Receive = Callable[[Sequence[Call]], list[Answer]]
Challenge = Callable[[str | None], Answer]
Health = Callable[[], dict[str, Any]]

_BUSY = Answer(503, {"error": "Too much at once; come back."}, retry_after=2)
_TOO_SLOW = Answer(408, {"error": "The body took too long to come."})
_BROKEN = Answer(500, {"error": "Something is wrong here; it is in our log."})


class _Workers:
    """Runs synchronous calls in at most THREADS threads, with at most `waiting` of them under way.

    Webhooks go to `receive`, all that wait at once.
    """

    def __init__(self, waiting: int, receive: Receive) -> None:
        self._free = waiting
        self._receive = receive
        self._threads: anyio.CapacityLimiter | None = None
        self._webhooks: list[tuple[Call, asyncio.Future[Answer]]] = []
        self._turns: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        return self._free <= 0

    async def run(self, call: Callable[[], Answer]) -> Answer:
        """Return the call's answer, 503 when too many are under way, 500 when it raises."""
        # X tries again when it gets no 200, so a quick 503 is better than an answer after X's 10 seconds:
        # https://docs.x.com/x-api/webhooks/introduction
        if self.busy:
            return _BUSY
        with self._counted():
            return (await self._within_thread(lambda: [call()], 1))[0]

    async def receive(self, call: Call) -> Answer:
        """Return the answer to a webhook, 503 when too many are under way, 500 when handling it raises."""
        if self.busy:
            return _BUSY
        with self._counted():
            answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self._webhooks.append((call, answer))
            if len(self._turns) < TURNS:
                self._turns.add(asyncio.create_task(self._take_turns()))
            return await answer

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    async def _take_turns(self) -> None:
        while self._webhooks:
            turn, self._webhooks = self._webhooks[:TURN], self._webhooks[TURN:]
            answers = await self._within_thread(partial(self._answers, [call for call, _ in turn]), len(turn))
            for (_, waiting), answer in zip(turn, answers, strict=True):
                if not waiting.done():  # the server stops
                    waiting.set_result(answer)
        # Before anything else runs: whoever comes next must not wait for this task.
        self._turns.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    def _answers(self, calls: Sequence[Call]) -> list[Answer]:
        try:
            return self._receive(calls)
        except Exception:
            if len(calls) == 1:
                raise
        # One of them costs no other its answer.
        return [self._answer(call) for call in calls]

    def _answer(self, call: Call) -> Answer:
        try:
            return self._receive([call])[0]
        except Exception:
            _log.exception("a request failed")
            return _BROKEN

    async def _within_thread(self, call: Callable[[], list[Answer]], count: int) -> list[Answer]:
        try:
            self._threads = self._threads or anyio.CapacityLimiter(THREADS)  # needs the running loop
            return await anyio.to_thread.run_sync(call, limiter=self._threads)
        except Exception:
            _log.exception("a request failed")
            return [_BROKEN] * count


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
) -> ASGIApp:
    """Return the application: GET and POST /twitter, GET /health, and the routes of `control`."""
    workers, memory = _Workers(waiting, receive), _Memory(bodies)

    async def webhook(scope: Scope, incoming: Incoming) -> Answer:
        # Refuse before reading the body: up to MAX_BODY a call would stay in memory.
        if workers.busy:
            return _BUSY
        headers, body = dict(scope["headers"]), bytearray()
        try:
            if (refusal := await _read(headers.get(b"content-length", b""), incoming, body, memory)) is not None:
                return refusal
            signature = headers.get(_SIGNATURE)
            return await workers.receive((bytes(body), None if signature is None else signature.decode("latin-1")))
        finally:
            memory.free(len(body))

    async def crc(request: Request) -> Response:
        return _logged("GET", time.monotonic(), challenge(request.query_params.get("crc_token")))

    async def healthy(_: Request) -> Response:
        return _response(await workers.run(lambda: _healthy(health())))

    async def post(request: Request) -> Response:
        raise NotImplementedError(request.url.path)  # app() takes it; here for the answer to other methods

    routes = [
        Route("/twitter", crc, methods=["GET"]),
        Route("/twitter", post, methods=["POST"]),
        Route("/health", healthy),
    ]
    others = Starlette(routes=[*routes, *control])

    async def app(scope: Scope, incoming: Incoming, send: Send) -> None:
        # Starlette's routes, requests and middleware take longer than the rest of a webhook's way.
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == "/twitter":
            began = time.monotonic()
            await _logged("POST", began, await webhook(scope, incoming))(scope, incoming, send)
        else:
            await others(scope, incoming, send)

    return app


def _healthy(found: dict[str, Any]) -> Answer:
    return Answer(503 if "problem" in found else 200, found)


async def _read(length: bytes, incoming: Incoming, body: bytearray, memory: _Memory) -> Answer | None:
    """Read the body into `body`. Stop at MAX_BODY bytes, after BODY_SECONDS, or where memory is short: the answer."""
    # Check the number of digits first: int() raises for more than 4,300 of them.
    # https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
    if length.isdigit() and (len(length) > 15 or int(length) > MAX_BODY):
        return too_large(0)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message: Message = await incoming()
                if message["type"] == "http.disconnect":
                    return _TOO_SLOW
                chunk = message.get("body", b"")
                body += chunk
                if not memory.hold(len(body), len(chunk)):
                    return _BUSY
                if len(body) > MAX_BODY:
                    return too_large(len(body))
                if not message.get("more_body", False):
                    return None
    except TimeoutError:
        return _TOO_SLOW


def _logged(method: str, began: float, answer: Answer) -> Response:
    milliseconds = round((time.monotonic() - began) * 1000, 1)
    _log.info("answered", extra={"method": method, "status": answer.status, "milliseconds": milliseconds})
    return _response(answer)


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
        raise TwbotError(
            f"Cannot listen on {host}:{port}: {reason}. Choose another with --port; 0 takes any free one."
        ) from None
