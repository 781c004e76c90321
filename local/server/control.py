"""The control API of a running bot, and its client: the operations that only the process with the bus can do.

Its token is new at each start. Clients read it from run.json, which is readable by the bot's owner only.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import msgspec

from twbot.lambdas.analytics.erasure import POST_ID, ErasureReport
from twbot.lambdas.errors import ErrorKind, TwbotError
from twbot.lambdas.replays import Replay, ReplayRequest
from twbot.local.data_folder import RunInfo
from twbot.local.server.addresses import is_loopback

if TYPE_CHECKING:
    import requests

TIMEOUTS = (2.0, 60.0)  # seconds to connect and to answer


class Deliveries(msgspec.Struct, frozen=True):
    """The body of /control/redrive and /control/purge."""

    ids: list[int]
    """The ids of dead letters' deliveries."""


class Erase(msgspec.Struct, frozen=True):
    """The body of /control/forget."""

    tweet_id: Annotated[str, msgspec.Meta(pattern=rf"^{POST_ID.pattern}$")]
    """The post to erase."""
    dry_run: bool = False
    """Count what would be removed, and remove nothing."""


def end_process() -> None:
    """Stop this process as SIGTERM does: what `twbot up` does then is written once."""
    # To the main thread: only there does Python run signal handlers, and it must wake up for it.
    # https://docs.python.org/3/library/signal.html#signals-and-threads
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


class Operations(msgspec.Struct, frozen=True):
    """The functions behind the API: methods of the bus, the replays and the erasure."""

    redrive: Callable[[Sequence[int]], int]
    purge: Callable[[Sequence[int]], int]
    start_replay: Callable[[ReplayRequest], Replay]
    cancel_replay: Callable[[str], Replay | None]
    forget: Callable[[Erase], ErasureReport]
    stop: Callable[[], None] = end_process
    """Begins to stop the bot, and returns at once."""


def control_routes(operations: Operations, token: str) -> list[Any]:
    """Return the routes of POST /control/redrive, /purge, /replay, /cancel-replay, /forget and /stop.

    They answer 200 with the result, 400 for a body of another shape, 409 with {"error"} for a TwbotError, and 404 to a
    caller without the token or from another machine.
    """
    from anyio.to_thread import run_sync
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute, Route

    def route(name: str, call: Callable[[bytes], object]) -> BaseRoute:
        async def handle(request: Request) -> Response:
            # 404, not 401: the port is open to the internet for X, and others need not learn that this API exists.
            if not _is_allowed(request, token):
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
        route("stop", lambda _: operations.stop()),
    ]


def _is_allowed(request: Any, token: str) -> bool:
    """Return whether the call comes from this machine and has the token.

    uvicorn replaces the address of a local proxy by its client's: https://www.uvicorn.org/deployment/
    """
    import hmac

    client = request.client.host if request.client else ""
    own = request.scope["server"][0] if request.scope.get("server") else None
    if client != own and not is_loopback(client):
        return False
    authorization = request.headers.get("authorization", "").encode("latin-1", "replace")
    return hmac.compare_digest(authorization, f"Bearer {token}".encode())


def _answer(call: Callable[[bytes], object], body: bytes) -> tuple[int, object]:
    try:
        return 200, call(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return 400, {"error": str(error)}
    except TwbotError as error:
        return 400 if error.kind is ErrorKind.USAGE else 409, {"error": str(error)}


class ControlClient:
    """Calls a running bot's control API. Raises TwbotError with the bot's error message."""

    def __init__(self, run: RunInfo) -> None:
        address = urlsplit(run.url)
        loopback_of = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - a bot that listens on all interfaces
        host = loopback_of.get(address.hostname or "", address.hostname)
        self._url = f"http://{host}:{address.port}/control"
        self._token = run.control_token

    def problem(self) -> str | None:
        """Return why the bot takes no webhooks at the moment; None where it does, or does not answer."""
        import requests

        try:
            with requests.Session() as session:
                session.trust_env = False
                found = session.get(self._url.removesuffix("control") + "health", timeout=(2.0, 5.0)).json()
        except (requests.RequestException, ValueError):
            return None
        return found.get("problem") if isinstance(found, dict) else None

    def redrive(self, ids: Sequence[int]) -> int:
        return int(self._call("redrive", Deliveries(list(ids)))["done"])

    def purge(self, ids: Sequence[int]) -> int:
        return int(self._call("purge", Deliveries(list(ids)))["done"])

    def start_replay(self, request: ReplayRequest) -> Replay:
        return msgspec.convert(self._call("replay", request), Replay)

    def cancel_replay(self, name: str) -> Replay | None:
        answer = self._call("cancel-replay", name)
        return None if answer is None else msgspec.convert(answer, Replay)

    def forget(self, request: Erase) -> ErasureReport:
        # Up to half an hour: the bot reads every file of the lake since the post.
        return msgspec.convert(self._call("forget", request, timeouts=(2.0, 1800.0)), ErasureReport)

    def stop(self) -> None:
        """Have the bot stop. It goes on for the seconds that its deliveries under way take."""
        self._call("stop", None, timeouts=(2.0, 5.0))

    def _call(self, operation: str, body: object, timeouts: tuple[float, float] = TIMEOUTS) -> Any:
        import requests

        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            with requests.Session() as session:
                session.trust_env = False  # a proxy of the environment can't reach loopback, and must not get the token
                answer = session.post(
                    f"{self._url}/{operation}", data=msgspec.json.encode(body), headers=headers, timeout=timeouts
                )
        except requests.RequestException as error:
            raise TwbotError(f"The running bot does not answer: {type(error).__name__}.") from None
        if not answer.ok:
            raise TwbotError(_error_of(answer))
        return msgspec.json.decode(answer.content)


def _error_of(answer: requests.Response) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"The running bot answered {answer.status_code}."
