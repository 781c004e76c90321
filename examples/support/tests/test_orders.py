"""Orders are looked up over HTTP, in a shop that is only there for the test."""

from __future__ import annotations

import http.server
import json
import logging
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from bot.orders import status

from twbot.bot import Event

ORDERS = {"12345": True, "23456": False}


class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        number = self.path.rpartition("/")[2]
        allowed = self.headers["Authorization"] == "Bearer t0ken"
        self.send_response(403 if not allowed else 200 if number in ORDERS else 404)
        self.end_headers()
        self.wfile.write(json.dumps({"sent": ORDERS.get(number)}).encode())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def ask(text: str, shop: str, language: str = "en") -> str | None:
    bot: Any = SimpleNamespace(settings={"shop_url": shop}, secret=lambda _: "t0ken", log=logging.getLogger())
    detail = {"Text": text, "Author": "ada", "Analysis": {"Language": language}}
    return status(Event(id="1", source="BOT", time="", detail=detail, detail_type="MESSAGE_ANALYSED"), bot)


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("Where is 12345?", "en", "Order 12345 is on its way: https://shop.example.com/track/12345"),
        ("Wo ist 23456?", "de", "Bestellung 23456 wird gerade gepackt."),
        ("Where is 99999?", "en", "I can't find an order 99999. Is the number right?"),
        ("Where is my order?", "en", None),
        ("My phone is 0123456789", "en", None),
    ],
)
def test_an_order_is_found_by_its_number(shop: str, text: str, language: str, said: str | None) -> None:
    """In the language of the post; a post without a number is left to the chatbot."""
    assert ask(text, shop, language) == said
