"""Handles a call of X's API: authentication, rate limit, handler, and X's headers and error bodies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message

from twbot.local.simulator import problems
from twbot.local.simulator.oauth import Caller

if TYPE_CHECKING:
    from twbot.local.simulator.world import World

WINDOW_SECONDS = 900
MAX_BODY = 20_000_000
MAX_FORM = 1_000_000  # bytes that a caller may send before it is known who that is
AnyBody = TypeVar("AnyBody")


class Answer(NamedTuple):
    """A handler's answer."""

    body: Any
    """JSON; None answers 204 No Content."""
    status: int = 200


class Incoming(NamedTuple):
    """The request, as handlers get it."""

    request: Request
    raw: bytes
    """The body."""

    @property
    def path(self) -> dict[str, str]:
        return self.request.path_params

    @property
    def query(self) -> dict[str, str]:
        return dict(self.request.query_params)

    def read(self, as_type: type[AnyBody]) -> AnyBody:
        """Decode the JSON body. Raises Problem 400, which names the field."""
        try:
            return msgspec.json.decode(self.raw or b"{}", type=as_type)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise problems.invalid(str(error)) from None


Handler = Callable[["World", Caller, Incoming], Awaitable[Answer]]


class Call(NamedTuple):
    """An endpoint."""

    method: str
    path: str
    handler: Handler
    auth: str = "either"
    """The token that it needs: "user", "app" or "either"."""
    limit: int = 450
    """Calls in 15 minutes for each caller."""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The base of request bodies. It refuses unknown fields: X's OpenAPI document has `additionalProperties: false`."""


def route(world: World, call: Call) -> Route:
    async def endpoint(request: Request) -> Response:
        return await _answer(world, call, request)

    return Route(call.path, endpoint, methods=[call.method])


async def _answer(world: World, call: Call, request: Request) -> Response:
    headers: dict[str, str] = {}
    try:
        # Only a form is part of what OAuth 1.0a signs: of strangers no other body is read.
        # https://datatracker.ietf.org/doc/html/rfc5849#section-3.4.1.3.1
        form = await _body(request, MAX_FORM) if _has_form(request) else b""
        caller = world.gate.caller(request, form)
        raw = form or await _body(request, MAX_BODY)
        _check_kind(call, caller)
        headers = world.limits.count(call.name, caller.key, call.limit)
        answer = await _perform(world, call, caller, Incoming(_read_already(request, raw), raw))
    except problems.Problem as problem:
        return _response(*_in_style(call, problem), {**headers, **problem.headers}, problem=True)
    return _response(answer.body, answer.status, headers)


async def _perform(world: World, call: Call, caller: Caller, incoming: Incoming) -> Answer:
    failure = world.failures.next(call.name)
    if failure is not None and failure.kind == "slow":
        await asyncio.sleep(failure.seconds)
        failure = None
    if failure is None:
        return await call.handler(world, caller, incoming)
    if failure.kind == "lost_answer":  # the call takes effect, but its answer is lost
        await call.handler(world, caller, incoming)
        raise problems.UNAVAILABLE
    if failure.kind == "timeout":
        await asyncio.sleep(failure.seconds)
    raise failure.problem(time.time())


def _has_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


async def _body(request: Request, limit: int) -> bytes:
    """Read the body. Raises Problem 413 at `limit` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise problems.problem(413, "Payload Too Large", "The request body is too large.")
    return bytes(body)


def _read_already(request: Request, body: bytes) -> Request:
    """Return the request for handlers that read its body themselves, as a form."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, receive)


def _check_kind(call: Call, caller: Caller) -> None:
    if call.auth == "user" and caller.user_id is None:
        raise problems.unsupported_authentication("OAuth 1.0a User Context, OAuth 2.0 User Context")
    if call.auth == "app" and caller.user_id is not None:
        raise problems.unsupported_authentication("OAuth 2.0 Application-Only")


def _in_style(call: Call, problem: problems.Problem) -> tuple[Any, int]:
    """Return body and status of a problem, for v1.1's endpoints as an error list with v1.1's codes."""
    if not call.path.startswith("/1.1/") or ("errors" in problem.body and "title" not in problem.body):
        return problem.body, problem.status
    known = {401: (32, "Could not authenticate you."), 429: (88, "Rate limit exceeded")}
    code, message = known.get(problem.status, (214, problem.body.get("detail", "Bad request.")))
    status = 403 if problem.status == 400 else problem.status
    return {"errors": [{"code": code, "message": message}]}, status


def _response(body: Any, status: int, headers: dict[str, str], *, problem: bool = False) -> Response:
    if body is None:
        return Response(status_code=204, headers=headers)
    media_type = "application/problem+json" if problem else "application/json"
    return Response(msgspec.json.encode(body), status, headers, media_type)
