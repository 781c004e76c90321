"""The HTTP server, over real loopback sockets."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
import requests

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.ingress.responses import MAX_BODY, Answer
from twbot.local.server.web import Call, WebServer, _Workers, web_app

Receive = Callable[[bytes, str | None], Answer]


def echo(body: bytes, signature: str | None) -> Answer:
    if body == b"break":
        raise RuntimeError("hunter2")
    return Answer(200, {"length": len(body), "signature": signature})


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    servers: list[WebServer] = []

    def start(receive: Receive = echo, waiting: int = 10) -> str:
        app = web_app(
            receive=lambda calls: [receive(*call) for call in calls],
            challenge=lambda token: Answer(200, {"response_token": token}),
            health=lambda: {"version": "1"},
            waiting=waiting,
        )
        servers.append(WebServer(app))
        return f"http://127.0.0.1:{servers[-1].start()}"

    yield start
    for server in servers:
        server.stop()


def test_a_webhook_reaches_the_handler(serve: Callable[..., str]) -> None:
    """Its raw bytes and its signature; the answer is JSON."""
    answer = requests.post(f"{serve()}/twitter", b"{}", headers={"X-Twitter-Webhooks-Signature": "s"}, timeout=5)
    assert (answer.status_code, answer.json()) == (200, {"length": 2, "signature": "s"})
    assert answer.headers["content-type"] == "application/json"


def test_the_challenge_and_the_health_are_answered(serve: Callable[..., str]) -> None:
    """GET /twitter?crc_token=… and GET /health; nothing else is there."""
    url = serve()
    assert requests.get(f"{url}/twitter?crc_token=a%2Bb", timeout=5).json() == {"response_token": "a+b"}
    assert requests.get(f"{url}/health", timeout=5).json() == {"version": "1"}
    assert requests.get(f"{url}/", timeout=5).status_code == 404
    assert requests.put(f"{url}/twitter", timeout=5).status_code == 405


def test_a_large_body_is_refused_before_it_is_sent(serve: Callable[..., str]) -> None:
    """By the length it promises."""
    connection = http.client.HTTPConnection(serve().removeprefix("http://"), timeout=5)
    connection.putrequest("POST", "/twitter")
    connection.putheader("Content-Length", "9" * 12)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_large_body_without_a_length_is_refused_while_it_comes(serve: Callable[..., str]) -> None:
    """Counted while it is read, and never ended: the answer comes at once."""
    connection = http.client.HTTPConnection(serve().removeprefix("http://"), timeout=5)
    connection.putrequest("POST", "/twitter")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    connection.send(b"%x\r\n" % (MAX_BODY + 1) + b" " * (MAX_BODY + 1) + b"\r\n")
    assert connection.getresponse().status == 413
    connection.close()


def test_a_body_of_exactly_the_limit_passes(serve: Callable[..., str]) -> None:
    """1 MB is still allowed."""
    assert requests.post(f"{serve()}/twitter", b" " * MAX_BODY, timeout=5).json()["length"] == MAX_BODY


def test_overload_is_answered_at_once(serve: Callable[..., str]) -> None:
    """Beyond what may wait: 503 and when to come back; afterwards all is well again."""
    entered, leave = threading.Event(), threading.Event()

    def slow(body: bytes, signature: str | None) -> Answer:
        entered.set()
        leave.wait(5)
        return echo(body, signature)

    url = serve(slow, waiting=1)
    first = threading.Thread(target=requests.post, args=(f"{url}/twitter", b"1"), kwargs={"timeout": 5})
    first.start()
    entered.wait(5)
    refused = requests.post(f"{url}/twitter", b"2", timeout=5)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    leave.set()
    first.join()
    assert requests.post(f"{url}/twitter", b"3", timeout=5).status_code == 200


def test_what_waits_is_handled_together_and_answered_each_on_its_own() -> None:
    """One that can't be handled costs no other its answer, and none is left behind."""
    turns, leave, begun = list[int](), threading.Event(), threading.Event()

    def receive(calls: Sequence[Call]) -> list[Answer]:
        turns.append(len(calls))
        if turns == [1]:
            begun.set()
            leave.wait(5)
        return [echo(*call) for call in calls]

    async def post(workers: _Workers, body: bytes) -> Answer:
        return await workers.receive((body, None))

    async def all_of_them() -> list[Answer]:
        workers = _Workers(100, receive)
        first = asyncio.create_task(post(workers, b"first"))
        await asyncio.to_thread(begun.wait, 5)
        rest = [asyncio.create_task(post(workers, b"break" if n == 3 else b"x" * n)) for n in range(10)]
        answers = await asyncio.gather(*rest)
        leave.set()
        return [await first, *answers, await post(workers, b"last")]

    answers = asyncio.run(all_of_them())
    expected = [200] * 12
    expected[4] = 500
    assert [answer.status for answer in answers] == expected
    assert [answer.body.get("length") for answer in answers] == [5, 0, 1, 2, None, *range(4, 10), 4]
    assert max(turns) == 10


def test_a_fault_of_ours_tells_nothing(serve: Callable[..., str]) -> None:
    """500 with a plain word; what it was stands in the log."""
    answer = requests.post(f"{serve()}/twitter", b"break", timeout=5)
    assert answer.status_code == 500
    assert "hunter2" not in answer.text


def test_a_retry_after_is_a_header(serve: Callable[..., str]) -> None:
    """Where the handler says when to come back."""
    url = serve(lambda body, signature: Answer(503, {}, retry_after=3))
    assert requests.post(f"{url}/twitter", b"", timeout=5).headers["retry-after"] == "3"


def test_a_taken_port_is_one_clear_line(serve: Callable[..., str]) -> None:
    """With the address that is taken."""
    port = int(serve().rpartition(":")[2])
    app = web_app(
        receive=lambda calls: [echo(*call) for call in calls], challenge=lambda _: Answer(200, {}), health=dict
    )
    with pytest.raises(TwbotError, match=f"Cannot listen on 127.0.0.1:{port}"):
        WebServer(app, port=port).start()


def test_a_stopped_server_listens_no_more(serve: Callable[..., str]) -> None:
    """Stopping frees the port."""
    app = web_app(
        receive=lambda calls: [echo(*call) for call in calls], challenge=lambda _: Answer(200, {}), health=dict
    )
    server = WebServer(app)
    port = server.start()
    server.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/health", timeout=5)
