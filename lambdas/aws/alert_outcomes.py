"""The result of the last delivery to each webhook, in the DynamoDB table of the deliveries.

The item's `id` is outcome:<subscriber>.
"""

from __future__ import annotations

import datetime
import logging
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.retention import RETENTION_SECONDS

PREFIX = "outcome:"

log = logging.getLogger(__name__)


class AlertOutcomes:
    """The Outcomes of lambdas/alerting/delivery.py."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def record(self, subscriber: str, problem: str | None) -> None:
        """Store the result of a delivery; `problem` is None for a success. Never raises."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        item = {
            "id": {"S": PREFIX + subscriber},
            "time": {"S": now},
            "problem": {"S": problem} if problem else {"NULL": True},
            "expiration": {"N": str(int(time.time()) + RETENTION_SECONDS)},
        }
        try:
            self._client.put_item(TableName=self._table, Item=item)
        except (ClientError, BotoCoreError) as error:
            # The delivery is over: an exception here would repeat an alert that arrived.
            code = error_code(error)
            log.warning("cannot note how an alert went", extra={"reason": code, "subscriber": subscriber})
