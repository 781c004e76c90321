"""A subscriber of alerts: a webhook on loopback that keeps what it hears."""

from __future__ import annotations

import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Sink:
    """Keeps the alerts by post. `refusals`: statuses for the next requests."""

    def __init__(self) -> None:
        self.alerts: list[dict[str, Any]] = []
        self.refusals: list[int] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/{secrets.token_urlsafe(24)}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None: ...

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = sink.refusals.pop(0) if sink.refusals else 200
                whole = len(body) == int(self.headers["content-length"])  # else the bot died while it told us
                if status == 200 and whole:
                    sink.alerts.append(json.loads(body))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

        return Handler
