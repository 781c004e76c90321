"""The Firehose transform: each event gets a newline after it, so that the lake's files are lines of JSON.

Takes {"records": [{"recordId": "1", "data": "<base64 of an event>"}]} and answers
{"records": [{"recordId": "1", "result": "Ok", "data": "<base64 of the event and a newline>"}]}.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from lambdas.contracts import decode_event
from lambdas.errors import BadEvent


def transform(event: dict[str, Any]) -> dict[str, Any]:
    """What is not an event comes back as ProcessingFailed: Firehose puts it under the error prefix."""
    return {"records": [_transform(record) for record in event["records"]]}


def _transform(record: dict[str, Any]) -> dict[str, Any]:
    try:
        line = msgspec.json.encode(decode_event(base64.b64decode(record["data"], validate=True)))
    except (BadEvent, binascii.Error, ValueError):
        return {"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]}
    return {"recordId": record["recordId"], "result": "Ok", "data": base64.b64encode(line + b"\n").decode()}
