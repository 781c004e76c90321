"""Transforms Firehose records: {"records": [{"recordId", "data"}]} → {"records": [{"recordId", "result", "data"}]}"""

from __future__ import annotations

import os
from typing import Any

from twbot.lambdas.analytics.table import own_columns
from twbot.lambdas.analytics.transform import transform
from twbot.lambdas.aws.invocation import Json, count, entry_point
from twbot.lambdas.folder.folder import VARIABLE, bot_folder

# Only a bot with events of its own has its folder here.
_columns = own_columns(bot_folder().events) if VARIABLE in os.environ else {}


@entry_point()
def handler(event: Json, _: Any) -> Json:
    answer = transform(event, _columns)
    if unreadable := sum(record["result"] != "Ok" for record in answer["records"]):
        count("UnreadableEvents", unreadable)
    return answer
