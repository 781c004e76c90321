"""Sends signed requests to X over persistent connections. Every failure is XRefused or XUnavailable."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
import requests
from requests.adapters import HTTPAdapter
from requests.utils import default_headers
from requests_oauthlib import OAuth1
from urllib3.exceptions import NewConnectionError, SSLError

from twbot.lambdas.errors import TwbotError, XUnavailable
from twbot.lambdas.ports import Keys, Secrets
from twbot.lambdas.settings import is_safe_url
from twbot.lambdas.x.errors import classify
from twbot.lambdas.x.rate_limits import ANSWERED, XLimit, call_name, limit_fields, limits_in

X_URL = "https://api.x.com"
# Seconds to connect and to read; 3.05 is just above TCP's first retransmission:
# https://requests.readthedocs.io/en/latest/user/advanced/#timeouts
TIMEOUTS = (3.05, 20.0)
JSON = {"Content-Type": "application/json"}
Shape = TypeVar("Shape")
_log = logging.getLogger(__name__)

# At DEBUG these log tokens and signatures.
for _chatty in ("oauthlib", "requests_oauthlib"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)


class XHttp:
    """A client of X's API for one X app. Thread-safe."""

    def __init__(self, secrets: Secrets, *, base_url: str = X_URL) -> None:
        _check_base(base_url)
        self._base = base_url.rstrip("/")
        self._secrets = secrets
        # requests does not promise that an adapter is thread-safe: each thread has its own.
        self._local = threading.local()
        self._limits: dict[str, list[XLimit]] = {}

    def limits(self) -> list[XLimit]:
        """Return the rate limits in X's last answer to each call."""
        return [limit for limits in self._limits.values() for limit in limits]

    def call(self, method: str, path: str, *, bearer: str | None = None, **sent: Any) -> dict[str, Any]:
        """Call X and return its JSON object. `sent` are keyword arguments of requests.

        It is signed for the bot's account (OAuth 1.0a: https://www.rfc-editor.org/rfc/rfc5849) or has a bearer token.
        """
        return _document(self._ask(method, path, bearer, sent), dict[str, Any])

    def listing(self, path: str, *, bearer: str) -> list[Any]:
        """Return a bare JSON array, as API v1.1 answers."""
        return _document(self._ask("GET", path, bearer, {}), list[Any])

    def _ask(self, method: str, path: str, bearer: str | None, sent: dict[str, Any]) -> requests.Response:
        if "json" in sent:
            sent |= {"data": msgspec.json.encode(sent.pop("json")), "headers": JSON}
        keys = self._secrets.keys()
        answer = self._send(keys, method, path, bearer, sent)
        # An operator may have replaced the keys. Wrong keys that are still the same cost no second call.
        if answer.status_code == 401 and bearer is None:
            fresh = self._secrets.refresh()
            if fresh != keys:
                answer = self._send(fresh, method, path, bearer, sent)
        return answer

    def app_token(self) -> str:
        """Return the app's bearer token: from the keys, else X issues one for the app's key and secret."""
        keys = self._secrets.keys()
        if keys.bearer_token:
            return keys.bearer_token
        # Percent-encoded as the client credentials of OAuth 2.0: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
        pair = (quote(keys.api_key, safe=""), quote(keys.api_secret, safe=""))
        answer = self._request("POST", "/oauth2/token", auth=pair, data={"grant_type": "client_credentials"})
        token = _document(answer, dict[str, Any]).get("access_token")
        if not isinstance(token, str):
            raise XUnavailable("X's answer to the request for a bearer token holds none.")
        return token

    def _send(self, keys: Keys, method: str, path: str, bearer: str | None, sent: dict[str, Any]) -> requests.Response:
        if bearer is not None:
            headers = {**sent.get("headers", {}), "Authorization": f"Bearer {bearer}"}
            return self._request(method, path, **{**sent, "headers": headers})
        return self._request(method, path, auth=self._signer(keys), **sent)

    def _request(self, method: str, path: str, **sent: Any) -> requests.Response:
        timeout = sent.pop("timeout", TIMEOUTS)
        headers = {**default_headers(), **sent.pop("headers", {})}
        try:
            request = requests.Request(method, self._base + path, headers=headers, **sent).prepare()
            # An adapter rather than a Session, which takes as long again: it follows redirects, which could lead the
            # signed request to another host, keeps cookies, and looks for settings. An adapter takes no proxy and no
            # .netrc of the environment: neither may see what we sign.
            answer = self._adapter().send(request, timeout=timeout)
            answer.content  # noqa: B018 - reads it to its end, and gives the connection back
        except requests.RequestException as error:
            message = f"X cannot be reached: {type(error).__name__}."
            raise XUnavailable(message, may_have_acted=not _failed_to_connect(error)) from None
        self._note(call_name(method, path), answer)
        return answer

    def _note(self, call: str, answer: requests.Response) -> None:
        """Remember and log the rate limits of an answer. Operators read them from the log."""
        if fields := limit_fields(answer.headers):
            self._limits[call] = limits_in(call, fields, time.time())
            _log.info(ANSWERED, extra={"call": call, "status": answer.status_code, **fields})

    def _adapter(self) -> HTTPAdapter:
        adapter: HTTPAdapter | None = getattr(self._local, "adapter", None)
        if adapter is None:
            adapter = self._local.adapter = HTTPAdapter()
        return adapter

    def _signer(self, keys: Keys) -> OAuth1:
        cached: tuple[Keys, OAuth1] | None = getattr(self._local, "signer", None)
        if cached is None or cached[0] is not keys:
            signer = OAuth1(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
            cached = self._local.signer = (keys, signer)
        return cached[1]


def _failed_to_connect(error: requests.RequestException) -> bool:
    """Return whether there was no connection that the request could have gone over."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError | SSLError)


def _check_base(url: str) -> None:
    """Check that nobody can read the keys on their way: https, or http to a simulator on this machine."""
    if not is_safe_url(url):
        raise TwbotError("The address of X's API must begin with https:// (http:// only on this machine).")


def _document(answer: requests.Response, as_type: type[Shape]) -> Shape:
    """Return the JSON of a successful answer, an empty value for an empty body. Raises what `classify` returns."""
    if not 200 <= answer.status_code < 300:
        raise classify(answer.status_code, answer.headers, answer.content)
    if not answer.content:
        return as_type()
    try:
        return msgspec.json.decode(answer.content, type=as_type)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise XUnavailable(
            f"X answered {answer.status_code} with something that is not the JSON it documents."
        ) from None
