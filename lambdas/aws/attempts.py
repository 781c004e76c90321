"""The attempts to post replies, in the DynamoDB table of the replies that were sent.

An item's `id` is attempt:<chain>, its `value` an Attempt as JSON; or tries:<SQS message id>, with a number `tries`.
"""

from __future__ import annotations

import time
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.egress.attempts import Attempt
from twbot.lambdas.errors import Temporary
from twbot.lambdas.retention import ANSWERED_SECONDS, RETENTION_SECONDS

PREFIX, TRIES = "attempt:", "tries:"


class DynamoAttempts:
    """The Attempts on AWS."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def get(self, chain: str) -> Attempt | None:
        key = {"id": {"S": PREFIX + chain}}
        # Consistent: an attempt of a moment ago must be seen, or its reply would be posted again.
        item = self._try(self._client.get_item, Key=key, ConsistentRead=True).get("Item")
        return msgspec.json.decode(item["value"]["S"], type=Attempt) if item else None

    def put(self, chain: str, attempt: Attempt) -> None:
        item = {
            "id": {"S": PREFIX + chain},
            "value": {"S": msgspec.json.encode(attempt).decode()},
            "expiration": {"N": str(int(time.time()) + ANSWERED_SECONDS)},
        }
        self._try(self._client.put_item, Item=item)

    def count_failure(self, message_id: str) -> int:
        """Count a failure to handle an SQS message, and return how many it had. Raises Temporary.

        SQS counts how often it delivered a message, waits that X asked for included. A redriven message has a new id.
        """
        answer = self._try(
            self._client.update_item,
            Key={"id": {"S": f"{TRIES}{message_id}"}},
            UpdateExpression="ADD tries :one SET expiration = :until",
            ExpressionAttributeValues={
                ":one": {"N": "1"},
                ":until": {"N": str(int(time.time()) + RETENTION_SECONDS)},
            },
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["tries"]["N"])

    def _try(self, call: Any, **parameters: Any) -> Any:
        try:
            return call(TableName=self._table, **parameters)
        except (ClientError, BotoCoreError) as error:
            raise Temporary(f"Cannot note that a reply is about to be posted: {error_code(error)}.") from None
