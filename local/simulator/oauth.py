# ruff: noqa: ARG002 (oauthlib names the arguments)
"""Authenticates calls: OAuth 1.0a signatures, checked by oauthlib's server side, and bearer tokens."""

from __future__ import annotations

import base64
import hmac
import urllib.parse
from collections import OrderedDict
from typing import Any, NamedTuple

from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint
from starlette.requests import Request

from twbot.local.simulator.problems import unauthorized
from twbot.local.simulator.store import Store

CLOCK_SKEW_SECONDS = 300
# Nonces to remember against repeated requests: more than come within the allowed clock skew.
# https://www.rfc-editor.org/rfc/rfc5849#section-3.3
MAX_NONCES = 200_000


class Caller(NamedTuple):
    """The authenticated caller."""

    user_id: str | None
    """None for the app itself, with its bearer token."""

    @property
    def key(self) -> str:
        return self.user_id or "app"


class Validator(RequestValidator):
    """oauthlib's view of the data: one app, and the users who gave it a token."""

    enforce_ssl = False  # the simulated X listens on loopback
    dummy_client = "dummy"

    def __init__(self, store: Store, consumer_key: str, consumer_secret: str) -> None:
        super().__init__()
        self._store = store
        self._key = consumer_key
        self._secret = consumer_secret
        self._nonces: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        self._users: dict[str, tuple[str, str]] = {}

    @property
    def allowed_signature_methods(self) -> tuple[str, ...]:
        return ("HMAC-SHA1", "HMAC-SHA256")

    @property
    def timestamp_lifetime(self) -> int:
        return CLOCK_SKEW_SECONDS

    def check_nonce(self, nonce: str) -> bool:
        return 8 <= len(nonce) <= 64 and nonce.isascii()

    def validate_timestamp_and_nonce(
        self,
        client_key: str,
        timestamp: Any,
        nonce: str,
        request: Any,
        request_token: str | None = None,
        access_token: str | None = None,
    ) -> bool:
        seen = (request.resource_owner_key or "", timestamp, nonce)
        if seen in self._nonces:
            return False
        self._nonces[seen] = None
        if len(self._nonces) > MAX_NONCES:
            self._nonces.popitem(last=False)
        return True

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return hmac.compare_digest(client_key.encode(), self._key.encode())

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return self._secret

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        found = self.user_of(token)
        return found[1] if found else "dummy"

    def user_of(self, token: str) -> tuple[str, str] | None:
        """Return id and token secret of the user with this access token."""
        if token not in self._users:
            row = self._store.row("SELECT id, access_secret FROM users WHERE access_token = ?", token)
            if row is None:
                return None
            self._users[token] = (row["id"], row["access_secret"])
        return self._users[token]

    def forget(self) -> None:
        """Clear the cache of tokens, after one was revoked or renewed."""
        self._users.clear()


class Gate:
    """Authenticates requests. Raises Problem 401."""

    def __init__(self, store: Store, consumer_key: str, consumer_secret: str, bearer_token: str) -> None:
        self.validator = Validator(store, consumer_key, consumer_secret)
        self._endpoint = SignatureOnlyEndpoint(self.validator)
        self._basic = base64.b64encode(f"{_quote(consumer_key)}:{_quote(consumer_secret)}".encode())
        self._bearer = bearer_token.encode()

    def caller(self, request: Request, body: bytes) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._app(token)
        if scheme.lower() == "oauth" or "oauth_signature" in request.query_params:
            return self._user(request, body)
        raise unauthorized()

    def is_app(self, authorization: str) -> bool:
        """Return whether HTTP Basic has the app's key and secret, as POST /oauth2/token needs."""
        scheme, _, credentials = authorization.partition(" ")
        return scheme.lower() == "basic" and hmac.compare_digest(credentials.encode(), self._basic)

    def _app(self, token: str) -> Caller:
        # X's bearer tokens contain % escapes. Accept them unescaped, too.
        unquoted = urllib.parse.unquote(token).encode()
        if not hmac.compare_digest(unquoted, urllib.parse.unquote(self._bearer.decode()).encode()):
            raise unauthorized()
        return Caller(None)

    def _user(self, request: Request, body: bytes) -> Caller:
        try:
            valid, signed = self._endpoint.validate_request(
                str(request.url), request.method, body.decode("latin-1"), dict(request.headers)
            )
        except ValueError:  # oauthlib raises it for badly encoded parameters
            raise unauthorized() from None
        found = self.validator.user_of(signed.resource_owner_key or "") if valid else None
        if found is None:
            raise unauthorized()
        return Caller(found[0])


def _quote(text: str) -> str:
    return urllib.parse.quote(text, safe="")
