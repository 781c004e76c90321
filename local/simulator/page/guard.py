"""Who gets an answer from the page: a browser with the token's cookie, asked by the page itself.

Any page of the web may send requests to loopback, also under a name that it makes resolve to 127.0.0.1. So Host and
Origin are checked, and the cookie is strict:
https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import hmac
import urllib.parse

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH = "/page"
SAFE_METHODS = ("GET", "HEAD")
HEADERS = {
    # Nothing inline, nothing from elsewhere, and no script may make HTML of a text:
    # https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: browsers then send `Origin: null` with forms, https://fetch.spec.whatwg.org/#origin-header
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
NO_TOKEN = "Open this page by the address that `twbot x open --print` prints: it has the token.\n"  # noqa: S105


class Guard:
    """An ASGI app that lets only its owner's own requests reach `app`.

    `base_url`: where the simulated X listens. `token`: what the first address has, and the cookie afterwards.
    """

    def __init__(self, app: ASGIApp, *, base_url: str, token: str) -> None:
        parts = urllib.parse.urlsplit(base_url)
        self._app, self._token = app, token
        self._hosts = {parts.netloc, *(f"{name}:{parts.port}" for name in ("127.0.0.1", "localhost", "[::1]"))}
        # Cookies know no ports: https://www.rfc-editor.org/rfc/rfc6265#section-8.5
        self._cookie = f"twbot-x-{parts.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        answer: ASGIApp = self._refusal(request) or self._app
        await answer(scope, receive, send_guarded)

    def _refusal(self, request: Request) -> Response | None:
        """Return the answer to a request that does not reach the app; None for one that does."""
        host = request.headers.get("host", "")
        if host not in self._hosts:
            return PlainTextResponse("This address is not the simulated X's.\n", 421)
        if request.method not in SAFE_METHODS and request.headers.get("origin") != f"http://{host}":
            return PlainTextResponse("This was not sent by the simulated X's own page.\n", 403)
        if "token" in request.query_params:
            return self._welcome(request.query_params["token"])
        if not self._is_token(request.cookies.get(self._cookie, "")):
            return PlainTextResponse(NO_TOKEN, 401)
        return None

    def _welcome(self, token: str) -> Response:
        """Take the token out of the address, which browsers keep, into a cookie."""
        if not self._is_token(token):
            return PlainTextResponse(NO_TOKEN, 401)
        answer = RedirectResponse(f"{PATH}/", 303)
        answer.set_cookie(self._cookie, self._token, path=PATH, httponly=True, samesite="strict")
        return answer

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode())


def address(base_url: str, token: str) -> str:
    """Return the address by which the page is opened."""
    return f"{base_url}{PATH}/?token={urllib.parse.quote(token)}"
