"""The control API of a running bot: what only the process that holds the bus can do, for whoever has its token.

The token is made at each start and stands in run.json, which only the bot's owner can read.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
import requests

from twbot.lambdas.analytics.erasure import POST_ID, ErasureReport
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.replays import Replay, ReplayRequest
from twbot.local.data_folder import RunInfo

TIMEOUTS = (2.0, 60.0)


class Deliveries(msgspec.Struct, frozen=True):
    """Dead letters by the ids of their deliveries."""

    ids: list[int]


class Erase(msgspec.Struct, frozen=True):
    """A post to be forgotten; with `dry_run` it is only counted what there is."""

    tweet_id: Annotated[str, msgspec.Meta(pattern=rf"^{POST_ID.pattern}$")]
    dry_run: bool = False


class Operations(msgspec.Struct, frozen=True):
    """What the API calls: the bus's and the replays' methods."""

    redrive: Callable[[Sequence[int]], int]
    purge: Callable[[Sequence[int]], int]
    start_replay: Callable[[ReplayRequest], Replay]
    cancel_replay: Callable[[str], Replay | None]
    forget: Callable[[Erase], ErasureReport]


def control_routes(operations: Operations, token: str) -> list[Any]:
    """POST /control/redrive, /purge, /replay, /cancel-replay, /forget: the web server's routes for them."""
    from anyio.to_thread import run_sync
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute, Route

    def route(name: str, call: Callable[[bytes], object]) -> BaseRoute:
        async def handle(request: Request) -> Response:
            if not _may(request, token):
                return Response(b'{"error":"Not Found"}', 404, media_type="application/json")
            body = await request.body()
            status, answer = await run_sync(_answer, call, body)
            return Response(msgspec.json.encode(answer), status, media_type="application/json")

        return Route(f"/control/{name}", handle, methods=["POST"])

    def ids(body: bytes) -> list[int]:
        return msgspec.json.decode(body, type=Deliveries).ids

    return [
        route("redrive", lambda body: {"done": operations.redrive(ids(body))}),
        route("purge", lambda body: {"done": operations.purge(ids(body))}),
        route("replay", lambda body: operations.start_replay(msgspec.json.decode(body, type=ReplayRequest))),
        route("cancel-replay", lambda body: operations.cancel_replay(msgspec.json.decode(body, type=str))),
        route("forget", lambda body: operations.forget(msgspec.json.decode(body, type=Erase))),
    ]


def _may(request: Any, token: str) -> bool:
    """Only from this machine (a proxy's client counts, not the proxy), and only with the token."""
    client = request.client.host if request.client else ""
    own = request.scope["server"][0] if request.scope.get("server") else None
    if client != own and not _is_loopback(client):
        return False
    given = request.headers.get("authorization", "").encode("latin-1", "replace")
    return hmac.compare_digest(given, f"Bearer {token}".encode())


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _answer(call: Callable[[bytes], object], body: bytes) -> tuple[int, object]:
    try:
        return 200, call(body)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        return 400, {"error": str(error)}
    except TwbotError as error:
        return 409, {"error": str(error)}


class ControlClient:
    """Asks a running bot. Raises TwbotError with what it says."""

    def __init__(self, run: RunInfo) -> None:
        address = urlsplit(run.url)
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - to be replaced
        host = everywhere.get(address.hostname or "", address.hostname)
        self._url = f"http://{host}:{address.port}/control"
        self._token = run.control_token

    def redrive(self, ids: Sequence[int]) -> int:
        return int(self._ask("redrive", Deliveries(list(ids)))["done"])

    def purge(self, ids: Sequence[int]) -> int:
        return int(self._ask("purge", Deliveries(list(ids)))["done"])

    def start_replay(self, wanted: ReplayRequest) -> Replay:
        return msgspec.convert(self._ask("replay", wanted), Replay)

    def cancel_replay(self, name: str) -> Replay | None:
        answer = self._ask("cancel-replay", name)
        return None if answer is None else msgspec.convert(answer, Replay)

    def forget(self, wanted: Erase) -> ErasureReport:
        """May take minutes: the whole lake is read."""
        return msgspec.convert(self._ask("forget", wanted, timeouts=(2.0, 1800.0)), ErasureReport)

    def _ask(self, what: str, body: object, timeouts: tuple[float, float] = TIMEOUTS) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(
                    f"{self._url}/{what}", data=msgspec.json.encode(body), headers=headers, timeout=timeouts
                )
        except requests.RequestException as error:
            raise TwbotError(f"The running bot does not answer: {type(error).__name__}.") from None
        if not answer.ok:
            raise TwbotError(_said(answer))
        return msgspec.json.decode(answer.content)


def _said(answer: requests.Response) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"The running bot answered {answer.status_code}."
