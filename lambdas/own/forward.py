"""Posts events to an address, signed as Standard Webhooks do. No error contains the address or the secret.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec
import requests

from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import Permanent, Temporary, is_transient
from twbot.lambdas.folder.records import OwnRule
from twbot.lambdas.public_network import TIMEOUTS, retry_at, webhook_session
from twbot.lambdas.settings import LOOPBACK

PREFIX = "whsec_"
# Bytes of a secret, by the specification.
MIN_SECRET, MAX_SECRET = 24, 64


def forward(event: Event, to: str, secret: str, *, loopback: bool = False) -> None:
    """POST the event's JSON in EventBridge's envelope. Any 2xx is success.

    to: https://…, on a public network
    secret: `whsec_` and base64, see `new_secret`
    loopback: whether the address may be one of this machine, and then http://

    The id of the event is the message's (`webhook-id`): it is the same at each attempt.
    Raises Temporary where a later attempt may succeed, Permanent where not.
    """
    host = urlsplit(to).hostname
    here = loopback and host in LOOPBACK
    if not here and not to.startswith("https://"):
        raise Permanent("The address does not begin with https://.")
    body = msgspec.json.encode(event)
    headers = {"Content-Type": "application/json", **signature(event.id, body, secret, int(time.time()))}
    try:
        with (
            requests.Session() if here else webhook_session() as session,
            session.post(
                to,
                data=body,
                headers=headers,
                timeout=TIMEOUTS,
                allow_redirects=False,
                stream=True,  # the body is not read, however long it is; only the status counts
            ) as answer,
        ):
            _check(answer)
    except (requests.RequestException, OSError) as error:
        raise Temporary(f"{host} cannot be reached: {type(error).__name__}.") from None


def signing_secret(rule: OwnRule, values: Callable[[Sequence[str]], Mapping[str, str]]) -> str:
    """Return the secret that a rule's events are signed with. Raises Permanent where it names none, or none is stored.

    values: returns the values of secrets by their names, without those that nobody stored
    """
    if not rule.secrets:
        raise Permanent(f'Rule {rule.name} names no secret to sign with: secrets = ["NAME"] in twbot.toml.')
    name = rule.secrets[0]
    found = values([name])
    if name not in found:
        raise Permanent(f"There is no secret {name}. Make one: twbot secrets put {name} --generate")
    return found[name]


def signature(message_id: str, body: bytes, secret: str, timestamp: int) -> dict[str, str]:
    """Return the headers that sign a message. `timestamp`: epoch seconds of the attempt. Raises Permanent."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = base64.b64encode(hmac.digest(key_of(secret), signed, "sha256")).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{digest}"}


def key_of(secret: str) -> bytes:
    """Return the bytes of a secret. Raises Permanent where it is none of Standard Webhooks."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not MIN_SECRET <= len(key) <= MAX_SECRET:
        raise Permanent(
            f"The secret is none of Standard Webhooks: {PREFIX} and base64 of {MIN_SECRET} to {MAX_SECRET} bytes. "
            "Make one: twbot secrets put NAME --generate"
        )
    return key


def new_secret() -> str:
    """Return a new random secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _check(answer: requests.Response) -> None:
    status = answer.status_code
    if 200 <= status < 300:
        return
    if is_transient(status):
        raise Temporary(f"The address answers {status}.", retry_at=retry_at(answer.headers.get("Retry-After")))
    raise Permanent(f"The address answers {status}: it does not take the event.")
