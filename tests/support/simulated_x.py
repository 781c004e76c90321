"""A simulated X as a process, a webhook that listens to it, and signed sessions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import threading
import urllib.parse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests
from PIL import Image

from twbot.local.simulator.client import TOKEN_HEADER, Simulator, SimulatorClient

SIGNATURE = "x-twitter-webhooks-signature"


def signed(secret: str, message: bytes) -> str:
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


class Webhook:
    """Keeps what is delivered, answers challenges; `answers`: statuses for the next deliveries."""

    def __init__(self) -> None:
        self.secret = ""
        self.answers: list[int] = []
        self.bodies: list[dict[str, Any]] = []
        self.signatures_right: list[bool] = []
        self._arrived = threading.Condition()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def take(self, raw: bytes, signature: str) -> int:
        with self._arrived:
            self.signatures_right.append(hmac.compare_digest(signature, signed(self.secret, raw)))
            self.bodies.append(json.loads(raw))
            self._arrived.notify_all()
            return self.answers.pop(0) if self.answers else 200

    def wait_for(self, arrived: Callable[[list[dict[str, Any]]], bool], seconds: float = 10) -> list[dict[str, Any]]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: arrived(self.bodies), seconds), self.bodies
            return list(self.bodies)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None: ...

            def do_GET(self) -> None:
                token = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["crc_token"][0]
                self.answer(200, json.dumps({"response_token": signed(hook.secret, token.encode())}).encode())

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                self.answer(hook.take(raw, self.headers[SIGNATURE]), b"")

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler


def start_afresh(x: Simulator, *, max_webhooks: int) -> None:
    """No webhooks, no failures to come, no limits that others changed; posts and people stay."""
    app = {"authorization": f"Bearer {x.client.keys().bearer_token}"}
    for webhook in requests.get(f"{x.url}/2/webhooks", headers=app, timeout=10).json().get("data", []):
        requests.delete(f"{x.url}/2/webhooks/{webhook['id']}", headers=app, timeout=10).raise_for_status()
    requests.delete(f"{x.url}/sim/failures", headers={TOKEN_HEADER: x.control_token}, timeout=10).raise_for_status()
    x.client.limits({"POST /2/tweets": 100_000}, max_webhooks=max_webhooks)


def settled(x: SimulatorClient, post_id: str) -> list[dict[str, Any]]:
    """Wait until no delivery about a post is pending, and return them with each try."""
    while True:
        known = x.deliveries(post_id, attempts=True)
        if known and all(each["state"] != "pending" for each in known):
            return known


def red_jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(buffer, "JPEG")
    return buffer.getvalue()
