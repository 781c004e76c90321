"""Requests to X: signed as oauthlib signs, and sent only to a server that proves who it is."""

from __future__ import annotations

import socket
import threading

import pytest
from oauthlib.oauth1 import Client

from twbot.lambdas.ports import Keys
from twbot.lambdas.x.http import Signer, XHttp


@pytest.mark.parametrize(
    ("url", "body", "headers"),
    [
        ("https://api.x.com/2/tweets", None, {"Content-Type": "application/json"}),
        ("https://api.x.com/2/users/1/tweets?max_results=100&tweet.fields=a%2Cb&max_results=5&empty=", None, {}),
        ("http://127.0.0.1:8080/2/tweets?q=%C3%A9+%26%20~", None, {"Host": "api.x.com"}),
        ("https://api.x.com/oauth", "a=b%20c&a=1", {"Content-Type": "application/x-www-form-urlencoded"}),
    ],
)
def test_the_signature_is_that_of_oauthlib(url: str, body: str | None, headers: dict[str, str]) -> None:
    """Whatever is signed: a query, a form, characters that are escaped."""
    signed = [
        made("key&", "secret é", "token", "token secret", nonce="1", timestamp="2").sign(url, "POST", body, headers)
        for made in (Client, Signer)
    ]
    assert signed[0] == signed[1]


class Fixed:
    """Secrets that nobody changes."""

    def keys(self) -> Keys:
        return Keys(api_key="a", api_secret="b", access_token="c", access_token_secret="d")

    refresh = keys


def test_x_must_prove_who_it_is() -> None:
    """With requests' list of authorities, as every call is signed with the keys."""
    pool = XHttp(Fixed(), base_url="https://api.x.com")._pool
    assert pool.scheme == "https"
    assert pool.cert_reqs == "CERT_REQUIRED"  # type: ignore[attr-defined]
    assert str(pool.ca_certs).endswith(".pem")  # type: ignore[attr-defined]


class _Server(threading.Thread):
    """Answers each request on one connection, and notes what each read of it was."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.read: list[bytes] = []

    def run(self) -> None:
        connection, _ = self._listening.accept()
        while data := connection.recv(1_000_000):
            self.read.append(data)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


def test_a_request_is_written_at_once() -> None:
    """Head and body in one write, on one connection for all."""
    server = _Server()
    server.start()
    x = XHttp(Fixed(), base_url=server.url)
    for number in range(3):
        assert x.call("POST", "/2/tweets", json={"text": f"hello {number}"}) == {}
    x.call("GET", "/2/users/me")
    assert [each.partition(b" ")[0] for each in server.read] == [b"POST", b"POST", b"POST", b"GET"]
    assert [each.rpartition(b"\r\n\r\n")[2] for each in server.read] == [
        *(b'{"text":"hello %d"}' % number for number in range(3)),
        b"",
    ]
