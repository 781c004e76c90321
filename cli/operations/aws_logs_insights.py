"""Asking a stage's logs: CloudWatch Logs Insights."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from twbot.cli.operations.aws_errors import AwsError, translate_aws_errors

if TYPE_CHECKING:
    from twbot.cli.operations.aws_stage import AwsBot

# Insights answers with no more.
MAX_ROWS = 10_000
POLL_INTERVAL = 0.4
TIMEOUT = 30.0
_ENDED = ("Complete", "Failed", "Cancelled", "Timeout")


class Insights:
    """A query under way. `groups` are log groups' names, times epoch seconds."""

    def __init__(self, bot: AwsBot, query: str, groups: Sequence[str], start: float, end: float) -> None:
        self._bot, self._client = bot, bot.client("logs")
        missing = f"The stage {bot.name} is not deployed in {self._client.meta.region_name}: it has no such log."
        with translate_aws_errors(bot.name, missing=missing):
            started = self._client.start_query(
                logGroupNames=list(groups), startTime=int(start), endTime=int(end), queryString=query, limit=MAX_ROWS
            )
        self._id = started["queryId"]

    def rows(self, patience: float = TIMEOUT) -> list[dict[str, str]]:
        """What it found: the fields that have a value. Raises AwsProblem, also where it takes too long."""
        until = time.monotonic() + patience
        while True:
            with self._bot.translate_errors():
                found = self._client.get_query_results(queryId=self._id)
            if found["status"] in _ENDED:
                break
            if time.monotonic() > until:
                self._client.stop_query(queryId=self._id)
                raise AwsError(f"CloudWatch Logs has not answered for {patience:g} seconds.", "Ask for less: --since")
            time.sleep(POLL_INTERVAL)
        if found["status"] != "Complete":
            raise AwsError(f"CloudWatch Logs gave up on a query: {found['status']}.", "Try again")
        return [{cell["field"]: cell["value"] for cell in row if cell.get("value")} for row in found["results"]]


def epoch(text: str) -> float:
    """Events have a Z, Insights' own times a blank and no zone: both are UTC."""
    at = datetime.datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=datetime.UTC)).timestamp()
