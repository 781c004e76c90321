"""Transforms Firehose records: {"records": [{"recordId", "data"}]} → {"records": [{"recordId", "result", "data"}]}"""

from __future__ import annotations

from typing import Any

from twbot.lambdas.analytics.transform import transform
from twbot.lambdas.aws.invocation import Json, count, entry_point


@entry_point()
def handler(event: Json, _: Any) -> Json:
    answer = transform(event)
    if unreadable := sum(record["result"] != "Ok" for record in answer["records"]):
        count("UnreadableEvents", unreadable)
    return answer
