"""What was published already, in DynamoDB: `id` is an entry's `once` key, `expiration` when it is forgotten.

A key is claimed, its entry published, the claim confirmed. A claim ends with the invocation that made it: whoever
dies between keeps nobody from publishing.
"""

from __future__ import annotations

import enum
import time
import uuid
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.aws.deadline import ends
from twbot.lambdas.errors import Temporary
from twbot.lambdas.retention import RETENTION_SECONDS

_FREE_OR_MINE = "attribute_not_exists(id) OR expiration < :now OR claimed_by = :me"


class Lease(enum.Enum):
    ACQUIRED = enum.auto()
    DONE = enum.auto()
    HELD_BY_ANOTHER = enum.auto()


class Deduplication:
    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table
        self._me = uuid.uuid4().hex

    def acquire(self, key: str) -> Lease:
        """Raises Temporary where the table can't tell."""
        item = {"id": {"S": key}, "claimed_by": {"S": self._me}, "expiration": {"N": str(int(ends()) + 1)}}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression=_FREE_OR_MINE,
                ExpressionAttributeValues={":now": {"N": str(int(time.time()))}, ":me": {"S": self._me}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                found: Any = error.response.get("Item", {})
                return Lease.HELD_BY_ANOTHER if "claimed_by" in found else Lease.DONE
            raise _cannot(error) from None
        except BotoCoreError as error:
            raise _cannot(error) from None
        return Lease.ACQUIRED

    def commit(self, key: str) -> None:
        """It is on the bus. Raises Temporary."""
        item = {"id": {"S": key}, "expiration": {"N": str(int(time.time()) + RETENTION_SECONDS)}}
        self._try(self._client.put_item, TableName=self._table, Item=item)

    def release(self, key: str) -> None:
        """It did not get on the bus. Raises Temporary."""
        mine = {":me": {"S": self._me}}
        self._try(
            self._client.delete_item,
            TableName=self._table,
            Key={"id": {"S": key}},
            ConditionExpression="claimed_by = :me",
            ExpressionAttributeValues=mine,
        )

    def _try(self, call: Any, **parameters: Any) -> None:
        try:
            call(**parameters)
        except (ClientError, BotoCoreError) as error:
            raise _cannot(error) from None


def _cannot(error: ClientError | BotoCoreError) -> Temporary:
    return Temporary(f"Cannot note what is published: {error_code(error)}.")
