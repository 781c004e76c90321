"""Who gets an answer from the console: a browser with the token's cookie, asked by the console's own pages.

Any page of the web may send requests to loopback, also under a name that it makes resolve to 127.0.0.1. So Host and
Origin are checked, and the cookie is strict: https://cheatsheetseries.owasp.org/cheatsheets/
Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import hmac
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import URL, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = ("GET", "HEAD")
# Nothing inline, nothing from elsewhere: https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # With no-referrer a browser says no Origin of a form either: https://fetch.spec.whatwg.org/#origin-header
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
NO_TOKEN = "Open the console by the address that `twbot open --print` prints: it has the token.\n"  # noqa: S105


class Guard:
    """An ASGI app that lets only the owner's own requests reach `app`.

    `port`: the console's. `token`: what the first address has, and the cookie afterwards.
    """

    def __init__(self, app: ASGIApp, *, port: int, token: str) -> None:
        self._app, self._token = app, token
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        # Cookies know no ports: two consoles on one machine must not take each other's.
        # https://www.rfc-editor.org/rfc/rfc6265#section-8.5
        self._cookie = f"twbot-console-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message)
            await send(message)

        answer: ASGIApp = self._refusal(request) or self._app
        await answer(scope, receive, send_guarded)

    def _refusal(self, request: Request) -> Response | None:
        """Return the answer to a request that does not reach the app; None for one that does."""
        if request.headers.get("host", "") not in self._hosts:
            return PlainTextResponse("This address is not the console's.\n", 421)
        if request.method not in SAFE_METHODS and not self._is_ours(request):
            return PlainTextResponse("This was not sent by a page of the console.\n", 403)
        if "token" in request.query_params:
            return self._welcome(request)
        if not self._is_token(request.cookies.get(self._cookie, "")):
            return PlainTextResponse(NO_TOKEN, 401)
        return None

    def _is_ours(self, request: Request) -> bool:
        origin = request.headers.get("origin", "")
        return origin == f"http://{request.headers['host']}"

    def _welcome(self, request: Request) -> Response:
        """Take the token out of the address, which browsers keep, into a cookie."""
        if not self._is_token(request.query_params["token"]):
            return PlainTextResponse(NO_TOKEN, 401)
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "token"]
        path = "/" + request.url.path.lstrip("/")  # //host would lead elsewhere
        answer = RedirectResponse(URL(path).replace(query=urlencode(kept)), 303)
        answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
        return answer

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())


def _add_headers(message: MutableMapping[str, Any]) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
