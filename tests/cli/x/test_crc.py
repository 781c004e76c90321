"""The challenge from here: each wrong answer has its own true words."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator

import pytest

from twbot.cli.x.crc import RECIPE, WRONG_KEYS, challenge

SECRET = "the API secret"
Answer = Callable[[str], object]


def digest(token: str, secret: str = SECRET) -> bytes:
    return hmac.digest(secret.encode(), token.encode(), "sha256")


def right(token: str, secret: str = SECRET) -> str:
    return "sha256=" + base64.b64encode(digest(token, secret)).decode()


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    servers: list[http.server.HTTPServer] = []

    def start(answer: Answer) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                body = json.dumps({"response_token": answer(query["crc_token"][0])}).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/twitter"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


WRONG: dict[str, tuple[Answer, str]] = {
    "hexadecimal": (lambda token: f"sha256={digest(token).hex()}", "hexadecimal"),
    "hexadecimal alone": (lambda token: digest(token).hex(), "hexadecimal"),
    "hexadecimal in capitals": (lambda token: f"sha256={digest(token).hex().upper()}", "hexadecimal"),
    "without the prefix": (lambda token: right(token).removeprefix("sha256="), '"sha256="'),
    "the token": (lambda token: token, "echoes"),
    "the token after the prefix": (lambda token: f"sha256={token}", "echoes"),
    "another hash": (
        lambda token: "sha256=" + base64.b64encode(hmac.digest(SECRET.encode(), token.encode(), "sha1")).decode(),
        "no HMAC-SHA256",
    ),
    "a plain hash in hexadecimal": (lambda token: hashlib.sha256(token.encode()).hexdigest(), "no HMAC-SHA256"),
    "words": (lambda _: "hello \U0001f600", "no HMAC-SHA256"),
    "blanks": (lambda token: f" {right(token)}\n", "blanks"),
    "no padding": (lambda token: right(token).rstrip("="), "="),
    "nothing": (lambda _: "", "no HMAC-SHA256"),
    "a number": (lambda _: 7, "no response_token"),
}


@pytest.mark.parametrize(("answer", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_token_is_named(serve: Callable[[Answer], str], answer: Answer, says: str) -> None:
    """It is not the keys that are to blame, and nobody is sent to change them, whatever the token."""
    url = serve(answer)
    # One digest of four has neither + nor / in it.
    for _ in range(12):
        found = challenge(url, SECRET)
        assert found.problem is not None
        assert says in found.problem
        assert "keys?" not in found.problem
        assert found.hint == RECIPE


def test_the_base64_of_urls_is_named(serve: Callable[[Answer], str]) -> None:
    """Where it differs: a digest without + and / is the same in both."""

    def answer(token: str) -> str:
        return right(token).replace("+", "-").replace("/", "_").rstrip("=")

    found = challenge(serve(answer), SECRET)
    assert found.hint == RECIPE


def test_another_secret_is_a_question_of_keys(serve: Callable[[Answer], str]) -> None:
    """Only there."""
    found = challenge(serve(lambda token: right(token, "another")), SECRET)
    assert (found.problem, found.hint) == (WRONG_KEYS, None)


def test_the_right_answer(serve: Callable[[Answer], str]) -> None:
    """Nothing to say."""
    found = challenge(serve(right), SECRET)
    assert (found.problem, found.hint) == (None, None)
