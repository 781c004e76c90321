"""X's signatures: answers the challenge (CRC) with ours, and verifies the one of a webhook.

https://docs.x.com/x-api/webhooks/introduction
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import NoReturn

from twbot.lambdas.errors import Permanent

HEADER = "x-twitter-webhooks-signature"
_PREFIX = "sha256="
_MAX_TOKEN = 1_000
# What JSON objects, arrays and strings begin with.
_JSON = frozenset('{["')


class Unsigned(Permanent):
    """The webhook does not prove that it comes from X.

    status: the HTTP status of the answer, 401 for an unreadable signature, 403 for a wrong one
    """

    def __init__(self, message: str, *, status: int = 401) -> None:
        super().__init__(message)
        self.status = status


def crc_response(token: str, secret: str) -> str:
    """Return the `response_token` that X expects: the HMAC-SHA256 of the token."""
    return _PREFIX + base64.b64encode(_digest(token.encode(errors="replace"), secret)).decode()


def is_token(token: str) -> bool:
    """Return whether this challenge may be answered."""
    # The answer to a challenge is also the signature of a webhook with the token as its body: whoever sends a challenge
    # gets that signature. So no token may be an event, and `verify` takes no body that could be a token.
    return 0 < len(token) <= _MAX_TOKEN and _JSON.isdisjoint(token)


def verify(body: bytes, header: str | None, secret: str) -> None:
    """Check that the header holds the HMAC-SHA256 of exactly these bytes. Raises Unsigned."""
    claimed = _claimed(header)
    # In constant time, so that the time of an answer reveals nothing about the right signature:
    # https://docs.python.org/3/library/hmac.html#hmac.compare_digest
    if not hmac.compare_digest(claimed, _digest(body, secret)):
        raise Unsigned(f"The signature in {HEADER} is not that of this body.", status=403)
    if _could_be_token(body):
        raise Unsigned(
            "Anybody gets this signature, as that of a challenge. It does not prove that X sent the body.", status=403
        )


def _could_be_token(body: bytes) -> bool:
    try:
        return is_token(body.decode())
    except UnicodeDecodeError:
        return False


def _claimed(header: str | None) -> bytes:
    if not header:
        _refuse("is missing")
    if not header.startswith(_PREFIX):
        _refuse(f"does not begin with {_PREFIX}")
    try:
        claimed = base64.b64decode(header.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        _refuse("is not base64")
    if len(claimed) != hashlib.sha256().digest_size:
        _refuse(f"has {len(claimed)} bytes, not {hashlib.sha256().digest_size}")
    return claimed


def _refuse(why: str) -> NoReturn:
    raise Unsigned(f"The header {HEADER} {why}.")


def _digest(message: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), message, "sha256")
