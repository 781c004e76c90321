"""Deduplication of published entries, in DynamoDB.

An item's `id` is the `dedup_key` of an entry; `expiration` is when it is forgotten. A publisher acquires a lease on the
key, publishes the entry, and commits. See docs/decisions/0003-an-entry-carries-its-once-key.md.
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
from twbot.lambdas.retention import RETENTION_DAYS, RETENTION_SECONDS

# `expiration` is compared as well, as DynamoDB deletes expired items only some time later:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
_FREE_OR_MINE = "attribute_not_exists(id) OR expiration < :now OR claimed_by = :me"


class Lease(enum.Enum):
    """The result of an attempt to acquire a key."""

    ACQUIRED = enum.auto()
    DONE = enum.auto()
    """An entry with this key is on the bus."""
    HELD_BY_ANOTHER = enum.auto()
    """Another invocation is publishing an entry with this key."""


class Deduplication:
    """The table of leases and published keys."""

    def __init__(self, client: Any, table: str, *, archive_days: int = RETENTION_DAYS) -> None:
        self._client, self._table = client, table
        # A replay of the archive must find what was fixed before.
        self._fixed_seconds = max(archive_days, RETENTION_DAYS) * 24 * 3600
        self._me = uuid.uuid4().hex

    def acquire(self, key: str) -> Lease:
        """Acquire the lease on a key. Raises Temporary where DynamoDB fails."""
        # The lease ends with the invocation: one that dies before its commit keeps nobody from publishing.
        item = {"id": {"S": key}, "claimed_by": {"S": self._me}, "expiration": {"N": str(int(ends()) + 1)}}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression=_FREE_OR_MINE,
                ExpressionAttributeValues={":now": {"N": str(int(time.time()))}, ":me": {"S": self._me}},
                # Shows in the same call whether the key is committed or only leased.
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                found: Any = error.response.get("Item", {})
                return Lease.HELD_BY_ANOTHER if "claimed_by" in found else Lease.DONE
            raise _as_temporary(error) from None
        except BotoCoreError as error:
            raise _as_temporary(error) from None
        return Lease.ACQUIRED

    def fix(self, key: str, value: str) -> str:
        """Store the value under the key, unless one is stored there, and return the stored one. Raises Temporary."""
        now = int(time.time())
        item = {"id": {"S": key}, "value": {"S": value}, "expiration": {"N": str(now + self._fixed_seconds)}}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(#value) OR expiration < :now",
                ExpressionAttributeNames={"#value": "value"},
                ExpressionAttributeValues={":now": {"N": str(now)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                found: Any = error.response["Item"]
                return str(found["value"]["S"])
            raise _as_temporary(error) from None
        except BotoCoreError as error:
            raise _as_temporary(error) from None
        return value

    def commit(self, key: str) -> None:
        """Record that the entry is on the bus. Raises Temporary."""
        item = {"id": {"S": key}, "expiration": {"N": str(int(time.time()) + RETENTION_SECONDS)}}
        self._try(self._client.put_item, TableName=self._table, Item=item)

    def release(self, key: str) -> None:
        """Give up the lease on an entry that is not on the bus. Raises Temporary."""
        # Only our own: it may have expired and been acquired by another invocation.
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
            raise _as_temporary(error) from None


def _as_temporary(error: ClientError | BotoCoreError) -> Temporary:
    return Temporary(f"Cannot note what is published: {error_code(error)}.")
