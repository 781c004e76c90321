"""X's signatures: proving that we hold the secret (CRC), and that a webhook comes from X."""

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


class Unsigned(Permanent):
    """The webhook does not prove that it comes from X. `status`: 401 unreadable proof, 403 a wrong one."""

    def __init__(self, message: str, *, status: int = 401) -> None:
        super().__init__(message)
        self.status = status


def crc_response(token: str, secret: str) -> str:
    """What X expects as `response_token`: https://docs.x.com/x-api/webhooks/introduction"""
    return _PREFIX + base64.b64encode(_digest(token.encode(errors="replace"), secret)).decode()


def is_token(token: str) -> bool:
    """Whether we may answer this challenge.

    The answer is at the same time the signature of a webhook with this body. Without a brace it
    can't be an object, which every event is: nobody gets an event signed by asking for a CRC.
    """
    return 0 < len(token) <= _MAX_TOKEN and "{" not in token


def verify(body: bytes, header: str | None, secret: str) -> None:
    """Raises Unsigned unless the header holds the HMAC-SHA256 of these very bytes; compares in constant time."""
    claimed = _claimed(header)
    if not hmac.compare_digest(claimed, _digest(body, secret)):
        raise Unsigned(f"The signature in {HEADER} is not that of this body.", status=403)


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
