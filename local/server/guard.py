"""Who gets an answer from a page on loopback: a browser with the token's cookie, asked by the page itself.

Any page of the web may send requests to loopback, also under a name that it makes resolve to 127.0.0.1. So Host and
Origin are checked, and the cookie is strict:
https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from urllib.parse import urlencode

from starlette.datastructures import URL, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = ("GET", "HEAD")
# Nothing inline, nothing from elsewhere: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: browsers then send `Origin: null` with forms, https://fetch.spec.whatwg.org/#origin-header
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """An ASGI app that lets only its owner's own requests reach `app`.

    hosts: the names and ports by which it is reached
    token: what the first address has, and the cookie afterwards
    cookie: its name; cookies know no ports, so it has to differ: https://www.rfc-editor.org/rfc/rfc6265#section-8.5
    path: what the cookie is for
    opened_by: the command that prints the address with the token
    policy: added to the content security policy
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Collection[str],
        token: str,
        cookie: str,
        opened_by: str,
        path: str = "/",
        policy: str = "",
    ) -> None:
        self._app, self._token, self._cookie, self._path = app, token, cookie, path
        self._hosts = frozenset(hosts)
        self._headers = {**HEADERS, "Content-Security-Policy": POLICY + policy}
        self._no_token = f"Open this page by the address that `{opened_by}` prints: it has the token.\n"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        answer: ASGIApp = self._refusal(request) or self._app
        await answer(scope, receive, send_guarded)

    def _refusal(self, request: Request) -> Response | None:
        """Return the answer to a request that does not reach the app; None for one that does."""
        host = request.headers.get("host", "")
        if host not in self._hosts:
            return PlainTextResponse("This address is not that of the page.\n", 421)
        if request.method not in SAFE_METHODS and request.headers.get("origin") != f"http://{host}":
            return PlainTextResponse("This was not sent by the page itself.\n", 403)
        if "token" in request.query_params:
            return self._welcome(request)
        if not self._is_token(request.cookies.get(self._cookie, "")):
            return PlainTextResponse(self._no_token, 401)
        return None

    def _welcome(self, request: Request) -> Response:
        """Take the token out of the address, which browsers keep, into a cookie."""
        if not self._is_token(request.query_params["token"]):
            return PlainTextResponse(self._no_token, 401)
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "token"]
        path = "/" + request.url.path.lstrip("/")  # //host would lead elsewhere
        answer = RedirectResponse(URL(path).replace(query=urlencode(kept)), 303)
        answer.set_cookie(self._cookie, self._token, path=self._path, httponly=True, samesite="strict")
        return answer

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode())
