"""The kill switch of replies and the opt-out list of a stage on AWS, in a DynamoDB table."""

from __future__ import annotations

from typing import Any

import msgspec

from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.aws.reply_store import OPTED_OUT, SWITCH, is_out
from twbot.lambdas.egress.permission import Switch


class AwsReplies:
    """The permission to reply of a stage. Raises AwsError, NotDeployed."""

    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot
        self._table = bot.output("egress", "RepliesTableName")
        self._client = bot.client("dynamodb")

    def switch(self) -> Switch:
        # Consistent, as egress reads it: what an operator has just set is in force (docs/decisions/0007).
        with self._bot.translate_errors():
            key = {"id": {"S": SWITCH}}
            item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return msgspec.json.decode(item["value"]["S"], type=Switch) if item else Switch()

    def save(self, switch: Switch) -> None:
        self._put({"id": {"S": SWITCH}, "value": {"S": msgspec.json.encode(switch).decode()}})

    def opted_out_users(self) -> list[str]:
        """Return the ids of the users who opted out, in numeric order."""
        # A scan is cheap: besides the list the table holds only the switch and the counts of the hour.
        with self._bot.translate_errors():
            pages = self._client.get_paginator("scan").paginate(
                TableName=self._table,
                FilterExpression="begins_with(id, :out)",
                ExpressionAttributeValues={":out": {"S": OPTED_OUT}},
                ConsistentRead=True,
            )
            items = [item for page in pages for item in page["Items"]]
        found = [item["id"]["S"].removeprefix(OPTED_OUT) for item in items if is_out(item)]
        return sorted(found, key=int)

    def opt_out(self, user_id: str) -> None:
        self._put({"id": {"S": f"{OPTED_OUT}{user_id}"}})

    def opt_in(self, user_id: str) -> None:
        with self._bot.translate_errors():
            self._client.delete_item(TableName=self._table, Key={"id": {"S": f"{OPTED_OUT}{user_id}"}})

    def _put(self, item: dict[str, Any]) -> None:
        with self._bot.translate_errors():
            self._client.put_item(TableName=self._table, Item=item)
