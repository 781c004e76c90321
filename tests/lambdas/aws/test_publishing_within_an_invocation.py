"""The publisher as an invocation uses it: several entries at once, claimed side by side."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from twbot.lambdas.aws.deduplication import Deduplication
from twbot.lambdas.aws.event_bus import EventBus
from twbot.lambdas.aws.invocation import entry_point
from twbot.lambdas.contracts import Entry


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="seen",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


def test_a_webhook_s_entries_are_claimed_side_by_side(table: Any) -> None:
    """A raw event and its message, published by one invocation, are both on the bus and both noted."""
    events = boto3.client("events", region_name="us-east-1")
    bus = EventBus(events, "default", Deduplication(table, "seen"))
    entries = [
        Entry(source="BOT", detail_type="SEND_TWEET", detail={}, dedup_key=f"entry-{number}") for number in range(3)
    ]

    @entry_point()
    def handler(_: Any, __: Any) -> None:
        bus.publish(entries)

    handler({}, SimpleNamespace(get_remaining_time_in_millis=lambda: 10_000, aws_request_id="1"))
    noted = table.scan(TableName="seen")["Items"]
    assert {item["id"]["S"] for item in noted} == {"entry-0", "entry-1", "entry-2"}
    assert not any("claimed_by" in item for item in noted)
