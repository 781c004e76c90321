"""Queries of a stage's logs with CloudWatch Logs Insights."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from twbot.cli.operations.aws_errors import AwsError, translate_aws_errors

if TYPE_CHECKING:
    from twbot.cli.operations.aws_stage import AwsBot

# The most rows that a query returns.
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html
MAX_ROWS = 10_000
# Seconds.
POLL_INTERVAL = 0.4
TIMEOUT = 30.0
_ENDED = ("Complete", "Failed", "Cancelled", "Timeout")


class Insights:
    """A query that runs on AWS from the moment it is made.

    `groups` are names of log groups. `start` and `end` are epoch seconds. Raises AwsError, NotDeployed.
    """

    def __init__(self, bot: AwsBot, query: str, groups: Sequence[str], start: float, end: float) -> None:
        self._bot, self._client = bot, bot.client("logs")
        missing = f"The stage {bot.name} is not deployed in {self._client.meta.region_name}: it has no such log."
        with translate_aws_errors(bot.name, missing=missing):
            started = self._client.start_query(
                logGroupNames=list(groups), startTime=int(start), endTime=int(end), queryString=query, limit=MAX_ROWS
            )
        self._id = started["queryId"]

    def rows(self, timeout: float = TIMEOUT) -> list[dict[str, str]]:
        """Wait for the query and return its rows: the fields that have a value, by name.

        Raises AwsError where the query fails or takes more than `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            with self._bot.translate_errors():
                found = self._client.get_query_results(queryId=self._id)
            if found["status"] in _ENDED:
                break
            if time.monotonic() > deadline:
                # A query that goes on takes one of the few places that the account has for them.
                # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
                self._client.stop_query(queryId=self._id)
                raise AwsError(f"CloudWatch Logs has not answered for {timeout:g} seconds.", "Ask for less: --since")
            time.sleep(POLL_INTERVAL)
        if found["status"] != "Complete":
            raise AwsError(f"CloudWatch Logs gave up on a query: {found['status']}.", "Try again")
        return [{cell["field"]: cell["value"] for cell in row if cell.get("value")} for row in found["results"]]


def epoch(text: str) -> float:
    """Return epoch seconds for an ISO time. Insights' own (`2026-11-25 12:00:00.000`) have no zone and are UTC."""
    at = datetime.datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=datetime.UTC)).timestamp()
