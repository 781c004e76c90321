"""X's API for the handlers of AWS: posts whatever it is told, fails by a plan, and shows its timeline late."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

FIRST_REPLY = 9 * 10**17
FAULTS = ("500", "429", "closed", "closed after", "500 after", "nonsense after")


class Reply(NamedTuple):
    """A reply that stands on X."""

    id: str
    to: str
    text: str
    at: float


class FakeX:
    """It never refuses a duplicate. `fault` names that of each call, "" for none; `lag`: the timeline's, in seconds."""

    def __init__(self, fault: Callable[[], str], lag: float = 0.2) -> None:
        self.replies: list[Reply] = []
        self._fault, self._lag, self._lock = fault, lag, threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def act(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        if method == "POST" and path == "/2/tweets":
            return {"data": {"id": self._posted(json.loads(body)), "text": ""}}
        if path.endswith("/tweets"):
            shown = [each for each in self.replies if each.at + self._lag <= time.monotonic()]
            posts = [
                {"id": each.id, "text": each.text, "referenced_tweets": [{"type": "replied_to", "id": each.to}]}
                for each in shown[-100:]
            ]
            return {"data": posts[::-1], "meta": {"result_count": len(posts)}}
        return {"data": {"id": "77", "media_key": "3_77"}}

    def _posted(self, post: dict[str, Any]) -> str:
        with self._lock:
            number = str(FIRST_REPLY + len(self.replies))
            self.replies.append(Reply(number, post["reply"]["in_reply_to_tweet_id"], post["text"], time.monotonic()))
            return number

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        x = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None: ...

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                with x._lock:
                    fault = x._fault()
                path = urlsplit(self.path).path
                if fault in ("", "closed after", "500 after", "nonsense after"):
                    answer = json.dumps(x.act(self.command, path, body)).encode()
                if fault.startswith("closed"):
                    self.close_connection = True
                elif fault.startswith("500"):
                    self._send(500, b"{}")
                elif fault == "429":
                    self._send(429, b"{}", {"x-rate-limit-reset": str(int(time.time()) + 1)})
                else:
                    self._send(201, b'{"data": {' if fault else answer)

            do_GET = do_POST = _answer  # noqa: N815

            def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
                self.send_response(status)
                for name, value in {**(headers or {}), "content-length": str(len(body))}.items():
                    self.send_header(name, value)
                if status == 429:
                    self.send_header("x-rate-limit-remaining", "0")
                self.end_headers()
                self.wfile.write(body)

        return Handler
