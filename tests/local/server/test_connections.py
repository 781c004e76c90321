"""Whoever is slow, idle, endless or many at the web server keeps nobody else out, and is counted in the log."""

from __future__ import annotations

import contextlib
import logging
import resource
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from twbot.lambdas.ingress.responses import Answer
from twbot.local.server import connections as module
from twbot.local.server.connections import MAX_HEAD, Limits, default_limits
from twbot.local.server.web import BODIES, BODY_SHARE, WebServer, web_app

Serve = Callable[..., int]
SMALL = Limits(8, 4, head_seconds=60.0)
SOON = Limits(8, 4, head_seconds=0.3)


def taken(body: bytes, _: str | None) -> Answer:
    return Answer(200, {"got": len(body)})


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[WebServer] = []

    def start(limits: Limits, receive: Callable[..., Answer] = taken, bodies: int = BODIES) -> int:
        app = web_app(
            receive=lambda calls: [receive(*call) for call in calls],
            challenge=lambda _: Answer(200, {}),
            health=dict,
            bodies=bodies,
        )
        servers.append(WebServer(app, limits=limits))
        return servers[-1].start()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def sockets() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def refused(caplog: pytest.LogCaptureFixture) -> Callable[[], dict[str, int]]:
    caplog.set_level(logging.WARNING, "twbot.web")

    def counts() -> dict[str, int]:
        found: dict[str, int] = {}
        for record in caplog.records:
            for reason, count in getattr(record, "refused", {}).items():
                found[reason] = found.get(reason, 0) + count
        return found

    return counts


def connect(port: int, sockets: contextlib.ExitStack, sends: bytes = b"") -> socket.socket:
    connection = sockets.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
    connection.sendall(sends)
    return connection


def webhook(port: int) -> int:
    return requests.post(f"http://127.0.0.1:{port}/twitter", b"{}", timeout=5).status_code


def ended(connection: socket.socket) -> bool:
    """Wait until the server closes it; what it says before does not matter."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


UNFINISHED = {
    "silent": b"",
    "half a line": b"POST /twi",
    "half a head": b"POST /twitter HTTP/1.1\r\nHost: x\r\nX-A: b",
    "half a body": b"POST /twitter HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc",
    "half a chunk": b"POST /twitter HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nabc",
    "idle after an answer": b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("sends", UNFINISHED.values(), ids=UNFINISHED)
def test_many_that_do_not_finish_keep_nobody_out(
    serve: Serve, sockets: contextlib.ExitStack, refused: Callable[[], dict[str, int]], sends: bytes
) -> None:
    """The oldest make room, however many there are; X is answered as if they were not there."""
    port = serve(SMALL)
    opened = [connect(port, sockets, sends) for _ in range(3 * SMALL.connections)]
    assert webhook(port) == 200
    assert ended(opened[0])
    assert refused()["closed-for-another"] >= 1


@pytest.mark.parametrize("name", ["silent", "half a line", "half a head", "idle after an answer"])
def test_a_head_that_takes_too_long_ends(
    serve: Serve, sockets: contextlib.ExitStack, refused: Callable[[], dict[str, int]], name: str
) -> None:
    """The first one and those after it."""
    port = serve(SOON)
    assert ended(connect(port, sockets, UNFINISHED[name]))
    assert refused() == {"slow-head": 1}


def test_trickled_headers_end_in_time(serve: Serve, sockets: contextlib.ExitStack) -> None:
    """Each byte is a sign of life, and prolongs nothing."""
    port = serve(SOON)
    connection = connect(port, sockets, b"GET /health HTTP/1.1\r\n")
    began = time.monotonic()
    with contextlib.suppress(ConnectionError):
        while time.monotonic() - began < 5:
            connection.sendall(b"a: b\r\n")
            threading.Event().wait(0.02)
    assert time.monotonic() - began < 3


def test_whoever_is_handled_stays(serve: Serve, sockets: contextlib.ExitStack) -> None:
    """A complete request is answered, however many come after it and however long it takes."""
    entered, leave = threading.Event(), threading.Event()

    def slow(body: bytes, _: str | None) -> Answer:
        entered.set()
        leave.wait(5)
        return Answer(200, {"got": len(body)})

    port = serve(Limits(8, 4, head_seconds=0.2), slow)
    handled = connect(port, sockets, b"POST /twitter HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
    assert entered.wait(5)
    late = [connect(port, sockets) for _ in range(30)]
    assert all(ended(each) for each in late)
    leave.set()
    assert handled.recv(100).startswith(b"HTTP/1.1 200")


def test_where_all_are_handled_a_new_one_is_refused(
    serve: Serve, sockets: contextlib.ExitStack, refused: Callable[[], dict[str, int]]
) -> None:
    """Nobody is cut off in the middle."""
    entered, leave = threading.Semaphore(0), threading.Event()

    def slow(_: bytes, __: str | None) -> Answer:
        entered.release()
        leave.wait(5)
        return Answer(200, {})

    port = serve(Limits(2, 2), slow)
    request = b"POST /twitter HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    handled = [connect(port, sockets, request) for _ in range(2)]
    assert all(entered.acquire(timeout=5) for _ in handled)
    assert ended(connect(port, sockets))
    assert refused() == {"too-many-connections": 1}
    leave.set()
    assert all(each.recv(100).startswith(b"HTTP/1.1 200") for each in handled)


def test_one_address_has_a_share(serve: Serve, sockets: contextlib.ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another machine; through a proxy on this one all of X's calls may come."""
    port = serve(SMALL)
    opened = [connect(port, sockets) for _ in range(6)]
    monkeypatch.setattr(module, "is_loopback", lambda _: False)
    connect(port, sockets)
    assert ended(opened[0])
    assert webhook(port) == 200


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"a: " + b"b" * 2 * MAX_HEAD,
        b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"a: bbbbbb\r\n" * MAX_HEAD,
        b"GET /" + b"a" * 2 * MAX_HEAD,
    ],
)
def test_endless_heads_end(
    serve: Serve, sockets: contextlib.ExitStack, refused: Callable[[], dict[str, int]], head: bytes
) -> None:
    """After some 64 KiB, whatever they are made of."""
    port = serve(SMALL)
    connection = connect(port, sockets)
    with contextlib.suppress(ConnectionError):
        for _ in range(100):
            connection.sendall(head)
    assert ended(connection)
    assert refused() == {"malformed": 1}
    assert webhook(port) == 200


def test_many_large_bodies_do_not_fill_the_memory(serve: Serve, sockets: contextlib.ExitStack) -> None:
    """Beyond what all of them may take only small ones are taken, as X's are."""
    port = serve(SMALL, bodies=400_000)
    head = b"POST /twitter HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n"
    large = [connect(port, sockets, head + b" " * 290_000) for _ in range(2)]
    refused, _, _ = select.select(large, [], [], 5)
    assert webhook(port) == 200
    assert [each.recv(100)[:12] for each in refused] == [b"HTTP/1.1 503"]
    (other,) = set(large) - set(refused)
    other.sendall(b" " * 10_000)
    assert other.recv(100).startswith(b"HTTP/1.1 200")
    again = requests.post(f"http://127.0.0.1:{port}/twitter", b" " * (BODY_SHARE + 200_000), timeout=5)
    assert again.status_code == 200


def test_the_log_has_one_line_for_many(
    serve: Serve, sockets: contextlib.ExitStack, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once for the first, and then a line at times with the count: nobody fills the disk with it."""
    monkeypatch.setattr(module, "LOG_SECONDS", 0.5)
    caplog.set_level(logging.WARNING)
    port = serve(SMALL)
    for _ in range(50):
        assert ended(connect(port, sockets, b"nonsense\r\n\r\n"))
    until = time.monotonic() + 5
    while sum(each.refused["malformed"] for each in caplog.records) < 50:  # type: ignore[attr-defined]
        assert time.monotonic() < until
        threading.Event().wait(0.02)
    assert 2 <= len(caplog.records) < 25


@pytest.mark.parametrize(("files", "most"), [(64, 16), (256, 64), (1024, 256), (2**20, 512), (-1, 512)])
def test_most_files_are_left_for_the_bot(monkeypatch: pytest.MonkeyPatch, files: int, most: int) -> None:
    """Those that wait to be accepted need some, too: twice as many connections fit beside the bot's own files."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY if files < 0 else files, 2**20))
    assert default_limits().connections == most
