"""Sends signed requests to X over persistent connections. Every failure is XRefused or XUnavailable."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import msgspec
import requests
from oauthlib.common import Request
from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature
from requests.utils import DEFAULT_CA_BUNDLE_PATH, default_headers
from requests_oauthlib import OAuth1
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Timeout, connection_from_url
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

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
MAX_CONNECTIONS = 16  # that stay open: as many as there are threads that call X
Shape = TypeVar("Shape")
_log = logging.getLogger(__name__)

# At DEBUG these log tokens and signatures.
for _chatty in ("oauthlib", "requests_oauthlib"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)


class Signer(Client):
    """oauthlib's client, which takes half the time to sign a request."""

    def get_oauth_signature(self, request: Request) -> str:
        """Return the signature. https://www.rfc-editor.org/rfc/rfc5849#section-3.4"""
        # oauthlib writes the whole header here, without the signature, only to read its own parameters from it again.
        if request.decoded_body or "Host" in request.headers:
            return str(super().get_oauth_signature(request))  # type: ignore[no-untyped-call]
        parameters = signature.collect_parameters(uri_query=urlsplit(request.uri).query) + request.oauth_params
        base = signature.signature_base_string(
            request.http_method,
            signature.base_string_uri(request.uri, None),
            signature.normalize_parameters(parameters),  # type: ignore[arg-type]  # pairs, as its docstring says
        )
        return str(signature.sign_hmac_sha1_with_client(base, self))


class _InOneWrite(HTTPConnection):
    """Sends a request's head and body together. urllib3 writes twice: the other side is woken, and reads, for each."""

    _held: bytearray | None = None

    def request(self, *arguments: Any, **more: Any) -> None:
        self._held = bytearray()
        try:
            super().request(*arguments, **more)
            whole = self._held
        finally:
            self._held = None
        self.send(whole)

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held += data


class _SecureInOneWrite(_InOneWrite, HTTPSConnection):
    pass


class XHttp:
    """A client of X's API for one X app. Thread-safe."""

    def __init__(self, secrets: Secrets, *, base_url: str = X_URL) -> None:
        _check_base(base_url)
        self._base = base_url.rstrip("/")
        self._secrets = secrets
        # requests makes and signs the request, urllib3 alone sends it: a Session or an adapter takes as long again. A
        # Session follows redirects, too, which could lead the signed request to another host. None of the environment's
        # proxies and .netrc may see what we sign.
        self._pool = _pool(self._base)
        self._headers = dict(default_headers())
        self._local = threading.local()
        self._limits: dict[str, list[XLimit]] = {}

    def limits(self) -> list[XLimit]:
        """Return the rate limits in X's last answer to each call."""
        return [limit for limits in self._limits.values() for limit in limits]

    def call(self, method: str, path: str, *, bearer: str | None = None, **sent: Any) -> dict[str, Any]:
        """Call X and return its JSON object. `sent` are keyword arguments of requests.Request.

        It is signed for the bot's account (OAuth 1.0a: https://www.rfc-editor.org/rfc/rfc5849) or has a bearer token.
        """
        return _document(self._ask(method, path, bearer, sent), dict[str, Any])

    def listing(self, path: str, *, bearer: str) -> list[Any]:
        """Return a bare JSON array, as API v1.1 answers."""
        return _document(self._ask("GET", path, bearer, {}), list[Any])

    def _ask(self, method: str, path: str, bearer: str | None, sent: dict[str, Any]) -> BaseHTTPResponse:
        if "json" in sent:
            sent |= {"data": msgspec.json.encode(sent.pop("json")), "headers": JSON}
        keys = self._secrets.keys()
        answer = self._send(keys, method, path, bearer, sent)
        # An operator may have replaced the keys. Wrong keys that are still the same cost no second call.
        if answer.status == 401 and bearer is None:
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

    def _send(self, keys: Keys, method: str, path: str, bearer: str | None, sent: dict[str, Any]) -> BaseHTTPResponse:
        if bearer is not None:
            headers = {**sent.get("headers", {}), "Authorization": f"Bearer {bearer}"}
            return self._request(method, path, **{**sent, "headers": headers})
        return self._request(method, path, auth=self._signer(keys), **sent)

    def _request(self, method: str, path: str, **sent: Any) -> BaseHTTPResponse:
        connect, read = sent.pop("timeout", TIMEOUTS)
        headers = {**self._headers, **sent.pop("headers", {})}
        try:
            request = _prepared(method, self._base + path, headers, sent)
            answer = self._pool.urlopen(
                method,
                request.path_url,
                body=request.body,
                headers=request.headers,
                retries=False,
                redirect=False,
                timeout=Timeout(connect, read),
            )
        except (requests.RequestException, HTTPError) as error:
            message = f"X cannot be reached: {type(error).__name__}."
            raise XUnavailable(message, may_have_acted=not _failed_to_connect(error)) from None
        self._note(call_name(method, path), answer)
        return answer

    def _note(self, call: str, answer: BaseHTTPResponse) -> None:
        """Remember and log the rate limits of an answer. Operators read them from the log."""
        if fields := limit_fields(answer.headers):
            self._limits[call] = limits_in(call, fields, time.time())
            _log.info(ANSWERED, extra={"call": call, "status": answer.status, **fields})

    def _signer(self, keys: Keys) -> OAuth1:
        cached: tuple[Keys, OAuth1] | None = getattr(self._local, "signer", None)
        if cached is None or cached[0] is not keys:
            names = (keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
            signer = OAuth1(*names, client_class=Signer)
            cached = self._local.signer = (keys, signer)
        return cached[1]


def _prepared(method: str, url: str, headers: dict[str, str], sent: dict[str, Any]) -> requests.PreparedRequest:
    """Return the signed request."""
    if sent.keys() - {"auth", "data"} or not isinstance(sent.get("data"), bytes):
        return requests.Request(method, url, headers=headers, **sent).prepare()
    # A reply, and whatever else is JSON: there is nothing to encode, which requests takes long to find out.
    request = requests.PreparedRequest()
    request.method, request.url, request.body = method, url, sent["data"]
    request.prepare_headers(headers)
    request.prepare_auth(sent.get("auth"))
    return request


def _pool(base: str) -> HTTPConnectionPool:
    """Return the connections to a server, which must prove who it is as requests has it."""
    if not base.startswith("https:"):
        pool = connection_from_url(base, maxsize=MAX_CONNECTIONS)
        pool.ConnectionCls = _InOneWrite
        return pool
    trust = {"cert_reqs": "CERT_REQUIRED", "ca_certs": DEFAULT_CA_BUNDLE_PATH}
    pool = connection_from_url(base, maxsize=MAX_CONNECTIONS, **trust)
    pool.ConnectionCls = _SecureInOneWrite
    return pool


def _failed_to_connect(error: Exception) -> bool:
    """Return whether there was no connection that the request could have gone over."""
    return isinstance(error, NewConnectionError | ConnectTimeoutError | SSLError)


def _check_base(url: str) -> None:
    """Check that nobody can read the keys on their way: https, or http to a simulator on this machine."""
    if not is_safe_url(url):
        raise TwbotError("The address of X's API must begin with https:// (http:// only on this machine).")


def _document(answer: BaseHTTPResponse, as_type: type[Shape]) -> Shape:
    """Return the JSON of a successful answer, an empty value for an empty body. Raises what `classify` returns."""
    if not 200 <= answer.status < 300:
        raise classify(answer.status, answer.headers, answer.data)
    if not answer.data:
        return as_type()
    try:
        return msgspec.json.decode(answer.data, type=as_type)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise XUnavailable(f"X answered {answer.status} with something that is not the JSON it documents.") from None
