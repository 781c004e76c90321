"""AWS on loopback: what another process sends to AWS_ENDPOINT_URL is handed to moto in this one."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs

import requests

REGION = "us-east-1"
_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/(?P<service>[^/]+)/aws4_request")
_OF_THE_CONNECTION = ("host", "connection", "transfer-encoding", "content-length", "accept-encoding")


class Call(NamedTuple):
    service: str
    operation: str
    body: bytes


class LoopbackAws:
    """`calls` is what was asked. A call in `refusing` gets that status and error code instead of moto's answer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[Call] = []
        self.refusing: dict[str, tuple[int, str]] = {}

    def count(self, operation: str) -> int:
        return sum(call.operation == operation for call in self.calls)


@contextlib.contextmanager
def loopback_aws() -> Iterator[LoopbackAws]:
    """Use it within moto's mock_aws."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            scope = _SCOPE.search(self.headers.get("Authorization", ""))
            service = scope["service"] if scope else "s3"
            (action,) = parse_qs(body.decode("latin-1")).get("Action", [""]) if service == "sns" else [""]
            operation = action or (self.headers.get("X-Amz-Target") or self.command).rpartition(".")[2]
            aws.calls.append(Call(service, operation, body))
            if operation in aws.refusing:
                status, code = aws.refusing[operation]
                # SNS speaks XML, the others JSON: https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
                refusal = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>" if action else ""
                self._answer(status, {"x-amzn-ErrorType": code}, (refusal or f'{{"__type": "{code}"}}').encode())
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THE_CONNECTION}
            url = f"https://{service}.{REGION}.amazonaws.com{self.path}"
            answer = requests.request(self.command, url, headers=headers, data=body, timeout=10)
            self._answer(answer.status_code, dict(answer.headers), answer.content)

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in (*_OF_THE_CONNECTION, "content-encoding", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass_on  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    aws = LoopbackAws(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield aws
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
