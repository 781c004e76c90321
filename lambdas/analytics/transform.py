"""The Firehose transform: appends a newline to each event, so that the lake's files are lines of JSON.

Input: {"records": [{"recordId": "1", "data": "<base64 of an event>"}]}
Output: {"records": [{"recordId": "1", "result": "Ok", "data": "<base64 of the event and a newline>",
"metadata": {"partitionKeys": {"year": "2026", "month": "11", "day": "23", "hour": "06"}}}]}, the hour in UTC.
https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
"""

from __future__ import annotations

import base64
import binascii
import datetime
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from twbot.lambdas.analytics.lines import line_of
from twbot.lambdas.analytics.table import EVENT_TIME
from twbot.lambdas.contracts import decode_event
from twbot.lambdas.errors import BadEvent

FOLDER = ("year", "month", "day", "hour")


def transform(event: dict[str, Any], columns: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the transformed records. What is no event is ProcessingFailed: Firehose writes it to the error prefix.

    columns: those of own events and their types
    """
    return {"records": [_transform(record, columns) for record in event["records"]]}


def _transform(record: dict[str, Any], columns: Mapping[str, str] | None) -> dict[str, Any]:
    try:
        event = decode_event(base64.b64decode(record["data"], validate=True))
        moment = _moment(event.time)
        if not event.time.endswith("Z"):  # one clock in the lake: queries compare times as texts
            event = msgspec.structs.replace(event, time=moment.isoformat(timespec="milliseconds")[:-6] + "Z")
        line, folder = line_of(event, columns), _hour(moment)
    except (BadEvent, binascii.Error, ValueError):
        return {"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]}
    data = base64.b64encode(line + b"\n").decode()
    return {"recordId": record["recordId"], "result": "Ok", "data": data, "metadata": {"partitionKeys": folder}}


def _moment(time: str) -> datetime.datetime:
    if not re.fullmatch(EVENT_TIME, time):
        raise ValueError(f"not the time of an event: {time!r}")
    return datetime.datetime.fromisoformat(time).astimezone(datetime.UTC)


def _hour(moment: datetime.datetime) -> dict[str, str]:
    # The hour of the event rather than of its arrival: queries and erasures find it by that.
    return dict(zip(FOLDER, moment.strftime("%Y/%m/%d/%H").split("/"), strict=True))
