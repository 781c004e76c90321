"""Deduplication of published entries, in DynamoDB.

An item's `id` is the `dedup_key` of an entry; `expiration` is when it is forgotten. A publisher acquires a lease on the
key, publishes the entry, and commits. See docs/decisions/0003-an-entry-carries-its-once-key.md.

`value` is JSON: what the published entries of the key know of their post. Who knows more acquires a lease until
`leased_until` on the item and replaces the value: docs/decisions/0014-what-x-signed-is-kept-and-knowledge-grows.md.
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
_FREE_OR_MINE = (
    "attribute_not_exists(id) OR expiration < :now OR (claimed_by = :me AND attribute_not_exists(leased_until))"
)
_UNCHANGED_AND_FREE = (
    "#value = :value AND (attribute_not_exists(claimed_by) OR leased_until < :now OR claimed_by = :me)"
)

_NO_VALUE = "attribute_not_exists(#value) OR expiration < :now"


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

    def acquire(self, key: str) -> tuple[Lease, str | None]:
        """Acquire the lease on a key. Raises Temporary where DynamoDB fails.

        With DONE comes what the published entries know, as JSON; None where they said everything.
        """
        # The lease ends with the invocation: one that dies before its commit keeps nobody from publishing.
        item = {"id": {"S": key}, "claimed_by": {"S": self._me}, "expiration": _seconds(ends() + 1)}
        found = self._put_if(_FREE_OR_MINE, item)
        if found is None:
            return Lease.ACQUIRED, None
        value = found.get("value", {}).get("S")
        # A lease on a published item that has ended is none: whoever had it published nothing new.
        another = found.get("claimed_by", {}).get("S", self._me) != self._me
        held = another and float(found.get("leased_until", {}).get("N", "inf")) >= time.time()
        return (Lease.HELD_BY_ANOTHER if held else Lease.DONE), value

    def acquire_again(self, key: str, value: str) -> Lease:
        """Acquire the lease on a published key, if it still has this value. Raises Temporary where DynamoDB fails."""
        lease = {"claimed_by": {"S": self._me}, "leased_until": _seconds(ends() + 1)}
        found = self._put_if(_UNCHANGED_AND_FREE, {**_published(key, value), **lease}, value=value)
        return Lease.ACQUIRED if found is None else Lease.HELD_BY_ANOTHER

    def learn(self, key: str, earlier: str, value: str) -> None:
        """Add to what is known without an event, if it is still what it was `earlier`. Raises Temporary."""
        if value != earlier:
            self._put_if(_UNCHANGED_AND_FREE, _published(key, value), value=earlier)

    def commit(self, key: str, value: str | None = None) -> None:
        """Record that the entry is on the bus, with what is known. Raises Temporary."""
        self._try(self._client.put_item, TableName=self._table, Item=_published(key, value))

    def release(self, key: str, value: str | None = None) -> None:
        """Give up the lease on an entry that is not on the bus. Raises Temporary.

        `value`: what the entries before it know; None where it would have been the first.
        """
        # Only our own: it may have expired and been acquired by another invocation.
        mine = {"ConditionExpression": "claimed_by = :me", "ExpressionAttributeValues": {":me": {"S": self._me}}}
        if value is None:
            self._try(self._client.delete_item, TableName=self._table, Key={"id": {"S": key}}, **mine)
        else:
            self._try(self._client.put_item, TableName=self._table, Item=_published(key, value), **mine)

    def _put_if(self, condition: str, item: dict[str, Any], *, value: str | None = None) -> dict[str, Any] | None:
        """Put the item on a condition. Return None, or the item that is there where the condition does not hold."""
        known = {":now": _seconds(time.time()), ":me": {"S": self._me}, ":value": {"S": value or ""}}
        values = {name: each for name, each in known.items() if name in condition}
        names: dict[str, Any] = {"ExpressionAttributeNames": {"#value": "value"}} if "#value" in condition else {}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                # Shows in the same call whether the key is committed or only leased.
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **names,
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                found: dict[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]
                return found
            raise _as_temporary(error) from None
        except BotoCoreError as error:
            raise _as_temporary(error) from None
        return None

    def fix(self, key: str, value: str) -> str:
        """Store the value under the key, unless one is stored there, and return the stored one. Raises Temporary."""
        item = {"id": {"S": key}, "value": {"S": value}, "expiration": _seconds(time.time() + self._fixed_seconds)}
        found = self._put_if(_NO_VALUE, item)
        return value if found is None else str(found["value"]["S"])

    def add(self, key: str, amount: float) -> float:
        """Add to the number under the key, and return the sum. Raises Temporary."""
        values = {":amount": {"N": repr(amount)}, ":until": _seconds(time.time() + self._fixed_seconds)}
        found = self._try(
            self._client.update_item,
            TableName=self._table,
            Key={"id": {"S": key}},
            UpdateExpression="ADD #number :amount SET expiration = :until",
            ExpressionAttributeNames={"#number": "number"},
            ExpressionAttributeValues=values,
            ReturnValues="UPDATED_NEW",
        )
        return float(found["Attributes"]["number"]["N"])

    def _try(self, call: Any, **parameters: Any) -> Any:
        try:
            return call(**parameters)
        except (ClientError, BotoCoreError) as error:
            raise _as_temporary(error) from None


def _published(key: str, value: str | None) -> dict[str, Any]:
    item = {"id": {"S": key}, "expiration": _seconds(time.time() + RETENTION_SECONDS)}
    return item if value is None else {**item, "value": {"S": value}}


def _seconds(at: float) -> dict[str, str]:
    return {"N": str(int(at))}


def _as_temporary(error: ClientError | BotoCoreError) -> Temporary:
    return Temporary(f"Cannot note what is published: {error_code(error)}.")
