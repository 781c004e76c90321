"""The webhook behind API Gateway: {"httpMethod": "POST", "headers": {…}, "body": "…", "isBase64Encoded": false, …}.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
import binascii
import functools
import os
from typing import Any

import msgspec

from twbot.lambdas.aws.clients import client
from twbot.lambdas.aws.invocation import Json, count, entry_point
from twbot.lambdas.aws.publisher import publisher
from twbot.lambdas.aws.secrets import ManagedSecrets
from twbot.lambdas.errors import Temporary
from twbot.lambdas.ingress.responses import Answer, refuse, retry_later
from twbot.lambdas.ingress.signature import HEADER
from twbot.lambdas.ingress.webhook import challenge, receive

# An operator may have replaced the keys. They are read again after a wrong signature and for X's challenge, which
# comes hourly; not more often, so that a stranger's requests do not become calls of Secrets Manager.
MIN_REFRESH_SECONDS = 60.0


@functools.cache
def secrets() -> ManagedSecrets:
    return ManagedSecrets(client("secretsmanager"), os.environ["SECRET_NAME"])


@entry_point()
def handler(event: Json, _: Any) -> Json:
    """Return the answer to X, in the shape of API Gateway's proxy integration."""
    answer = _answer(event)
    count(f"Webhook{answer.status}")
    headers = {"Content-Type": "application/json"}
    if answer.retry_after is not None:
        headers["Retry-After"] = str(answer.retry_after)
    body = msgspec.json.encode(answer.body).decode()
    return {"statusCode": answer.status, "headers": headers, "body": body, "isBase64Encoded": False}


def _answer(event: Json) -> Answer:
    try:
        if event["httpMethod"] == "GET":
            token = (event.get("queryStringParameters") or {}).get("crc_token")
            return challenge(token, secrets().keys_within(MIN_REFRESH_SECONDS))
        return _receive(body_of(event), header(event, HEADER))
    except binascii.Error:
        return refuse(400, "The body is not what its encoding says.")
    except Temporary as error:
        return retry_later(error)


def _receive(body: bytes, signature: str | None) -> Answer:
    keys = secrets().keys()
    answer = receive(body, signature, keys=keys, publisher=publisher())
    if answer.status == 403 and (fresh := secrets().keys_within(MIN_REFRESH_SECONDS)) != keys:
        return receive(body, signature, keys=fresh, publisher=publisher())
    return answer


def body_of(event: Json) -> bytes:
    """Return the exact bytes that X signed. Raises binascii.Error."""
    body = event.get("body") or ""
    return base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()


def header(event: Json, name: str) -> str | None:
    """Return a header. Names are compared in lower case: https://www.rfc-editor.org/rfc/rfc9110#section-5.1"""
    return next((value for key, value in (event.get("headers") or {}).items() if key.lower() == name), None)
