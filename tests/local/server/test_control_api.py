"""The control API: nobody without the token, nobody from another machine."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence

import msgspec
import pytest
import requests
from starlette.applications import Starlette

from twbot.lambdas.analytics.erasure import ErasureReport
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.replays import Replay, ReplayRequest
from twbot.local.data_folder import RunInfo
from twbot.local.server.control import ControlClient, Erase, Operations, control_routes
from twbot.local.server.web import WebServer

TOKEN = "the-word"


def _redrive(ids: Sequence[int]) -> int:
    if 13 in ids:
        raise TwbotError("Not thirteen.")
    return len(ids)


def _no_replay(_: ReplayRequest) -> Replay:
    raise TwbotError("There is no rule 'x'.")


def _forget(wanted: Erase) -> ErasureReport:
    return ErasureReport(tweet_id=wanted.tweet_id, removed={"lake": 0 if wanted.dry_run else 1})


@pytest.fixture
def url() -> Iterator[str]:
    routes = control_routes(Operations(_redrive, len, _no_replay, lambda _: None, _forget), TOKEN)
    server = WebServer(Starlette(routes=routes))
    yield f"http://127.0.0.1:{server.start()}/twitter"
    server.stop()


def client(url: str, token: str = TOKEN) -> ControlClient:
    return ControlClient(RunInfo(1, url, 0.0, None, token))


def test_does_what_is_asked(url: str) -> None:
    """And hands on what the bot says when it can't."""
    assert client(url).redrive([1, 2]) == 2
    assert client(url).purge([3]) == 1
    assert client(url).cancel_replay("unknown") is None
    assert client(url).forget(Erase("7")) == ErasureReport(tweet_id="7", removed={"lake": 1})
    with pytest.raises(TwbotError, match="Not thirteen"):
        client(url).redrive([13])


def test_stops_the_process_as_sigterm_does(url: str) -> None:
    """A bot in another container is asked: its process id means nothing here."""
    received = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: received.set())
    try:
        client(url).stop()
        assert received.wait(5)
    finally:
        signal.signal(signal.SIGTERM, before)
    with pytest.raises(TwbotError):
        client(url, "another").stop()


@pytest.mark.parametrize("token", ["", "another", TOKEN + "x", "Bearer"])
def test_takes_the_token(url: str, token: str) -> None:
    """Whoever has another one is told nothing, not even that something is there."""
    with pytest.raises(TwbotError, match="Not Found"):
        client(url, token).redrive([1])


def test_takes_only_this_machine(url: str) -> None:
    """What comes through a proxy counts as from where it came, token or not."""
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "203.0.113.7"}
    address = url.replace("/twitter", "/control/purge")
    assert requests.post(address, data=b'{"ids":[1]}', headers=headers, timeout=5).status_code == 404


@pytest.mark.parametrize("body", [b"", b"[]", b'{"ids":["x"]}', b"\xff", b"{"])
def test_refuses_what_it_cannot_read(url: str, body: bytes) -> None:
    """With 400, and a reason."""
    address, headers = url.replace("/twitter", "/control/redrive"), {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.post(address, data=body, headers=headers, timeout=5)
    assert answer.status_code == 400
    assert msgspec.json.decode(answer.content)["error"]
