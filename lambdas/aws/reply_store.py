"""The kill switch, the opt-out list and the reply counts, in DynamoDB.

An item's `id` is `switch` ({"value": Switch as JSON}), `count:<count>` ({"taken", "expiration"}), or
`opted-out:<user id>`: with {"out", "choice": Choice as JSON} where the person said so, without where the operator did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.egress.permission import Choice, Switch
from twbot.lambdas.errors import Temporary

SWITCH, OPTED_OUT, COUNT = "switch", "opted-out:", "count:"
# One conditional update checks the limit and counts: concurrent senders cannot exceed it together.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html
_TAKE = "ADD taken :one SET expiration = :until"
_FEWER = "attribute_not_exists(taken) OR taken < :limit"


class DynamoReplies:
    """The ReplyStore on AWS. Every call raises Temporary where DynamoDB fails."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def switch(self) -> Switch:
        item = self._get(SWITCH)
        return msgspec.json.decode(item["value"]["S"], type=Switch) if item else Switch()

    def opted_out(self, user_id: str) -> bool:
        item = self._get(f"{OPTED_OUT}{user_id}")
        return item is not None and is_out(item)

    def choose(self, user_id: str, choice: Choice) -> bool:
        key = f"{OPTED_OUT}{user_id}"
        item = self._get(key)
        if item is not None and "choice" not in item:
            return False
        known = msgspec.json.decode(item["choice"]["S"], type=Choice) if item else None
        if (new := choice.after(known)) is None:
            return False
        if new == known:
            return known.is_news
        same: dict[str, Any] = {"ExpressionAttributeValues": {":choice": item["choice"]}} if item else {}
        try:
            self._client.put_item(
                TableName=self._table,
                Item={"id": {"S": key}, "out": {"BOOL": new.out}, "choice": {"S": msgspec.json.encode(new).decode()}},
                # Another invocation, or the operator, may have stored something else since it was read.
                ConditionExpression="choice = :choice" if item else "attribute_not_exists(id)",
                **same,
            )
        except (ClientError, BotoCoreError) as error:
            raise _as_temporary(error) from None
        return new.is_news

    def take(self, count: str, limit: int, *, until: float) -> bool:
        if limit < 1:  # the condition lets the first one of an hour pass
            return False
        values = {":one": {"N": "1"}, ":limit": {"N": str(limit)}, ":until": {"N": str(int(until))}}
        return self._change(count, _TAKE, _FEWER, values)

    def give_back(self, count: str) -> None:
        values = {":less": {"N": "-1"}, ":none": {"N": "0"}}
        self._change(count, "ADD taken :less", "taken > :none", values)

    def _get(self, key: str) -> Any:
        # Consistent, so that a pause holds from the next reply on (docs/decisions/0007):
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html
        try:
            answer = self._client.get_item(TableName=self._table, Key={"id": {"S": key}}, ConsistentRead=True)
        except (ClientError, BotoCoreError) as error:
            raise _as_temporary(error) from None
        return answer.get("Item")

    def _change(self, count: str, update: str, condition: str, values: dict[str, Any]) -> bool:
        """Update a count. Return whether the condition held."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"id": {"S": f"{COUNT}{count}"}},
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
        except (ClientError, BotoCoreError) as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise _as_temporary(error) from None
        return True


def is_out(item: Mapping[str, Any]) -> bool:
    """Return whether an item of the opt-out list says that the person gets no replies."""
    return bool(item.get("out", {"BOOL": True})["BOOL"])


def _as_temporary(error: ClientError | BotoCoreError) -> Temporary:
    return Temporary(f"Cannot tell whether the bot may reply: {error_code(error)}.")
