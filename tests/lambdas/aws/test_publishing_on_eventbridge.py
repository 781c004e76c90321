"""PutEvents in what it takes, failed entries again and at last by name, each key once whoever dies halfway."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from twbot.lambdas.aws.deadline import note_deadline
from twbot.lambdas.aws.deduplication import Deduplication, Lease
from twbot.lambdas.aws.event_bus import MAX_ATTEMPTS, MAX_BYTES, MAX_ENTRIES, EventBus, Outgoing, batches
from twbot.lambdas.contracts import Entry
from twbot.lambdas.errors import BadEvent, Temporary


class Events:
    """PutEvents that fails for the entries, or as a whole, as often as it was told to."""

    def __init__(self, failing: dict[str, int] | None = None) -> None:
        self.failing = failing or {}
        self.taken: list[str] = []
        self.batches: list[int] = []

    def put_events(self, Entries: Sequence[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self.batches.append(len(Entries))
        return {"Entries": [self._take(json.loads(each["Detail"])["n"]) for each in Entries]}

    def _take(self, name: str) -> dict[str, str]:
        if self.failing.get(name, 0):
            self.failing[name] -= 1
            return {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
        self.taken.append(name)
        return {"EventId": "e"}


class Invocation:
    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        make: Any = boto3.client
        client = make("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="seen",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        note_deadline(Invocation())
        yield client


def bus(events: Any, table: Any) -> EventBus:
    """One container."""
    return EventBus(events, "Plumbing", Deduplication(table, "seen"), wait=lambda _: None)


def named(name: str, *, dedup_key: bool = True) -> Entry:
    return Entry(source="BOT", detail_type="T", detail={"n": name}, dedup_key=name if dedup_key else None)


@given(st.lists(st.integers(1, MAX_BYTES - 10), max_size=40))
def test_batches_are_what_putevents_takes(sizes: list[int]) -> None:
    """At most ten entries and 1 MB, none lost, in order."""
    entry = named("n")
    outgoing = [Outgoing(entry, {"Source": "s", "DetailType": "t", "Detail": "x" * size}) for size in sizes]
    made = list(batches(outgoing))
    assert [each for batch in made for each in batch] == outgoing
    assert all(0 < len(batch) <= MAX_ENTRIES and sum(each.size for each in batch) <= MAX_BYTES for batch in made)


def test_only_what_failed_is_tried_again(table: Any) -> None:
    events = Events({"3": 2})
    bus(events, table).publish([named(str(n)) for n in range(12)])
    assert sorted(events.taken, key=int) == [str(n) for n in range(12)]
    assert events.batches == [10, 2, 1, 1]


def test_what_never_gets_through_is_named_and_the_rest_is_published(table: Any, caplog: Any) -> None:
    """The error names the entry and why; the next try publishes it, and it alone."""
    events = Events({"b": MAX_ATTEMPTS})
    publisher = bus(events, table)
    entries = [named("a"), named("b"), named("c", dedup_key=False)]
    with pytest.raises(Temporary, match=r"1 of 3 events are not on the bus: b \(ThrottlingException\)"):
        publisher.publish(entries)
    assert events.taken == ["a", "c"]
    bus(events, table).publish(entries[:2])
    assert events.taken == ["a", "c", "b"]


def test_the_first_of_the_same_key_is_published(table: Any) -> None:
    """Within one call, in the next, and in another container; what has no key always is."""
    events = Events()
    publisher = bus(events, table)
    publisher.publish([named("a"), named("a")])
    publisher.publish([named("a"), named("x", dedup_key=False)])
    bus(events, table).publish([named("a"), named("x", dedup_key=False)])
    assert events.taken == ["a", "x", "x"]


def test_what_another_invocation_is_publishing_is_neither_lost_nor_doubled(table: Any) -> None:
    """Its claim makes us come back; the rest goes out. When it died, its claim ends with it."""
    dead = Deduplication(table, "seen")
    dead.acquire("a")
    events = Events()
    with pytest.raises(Temporary, match="another invocation"):
        bus(events, table).publish([named("a"), named("b")])
    assert events.taken == ["b"]
    table.update_item(
        TableName="seen",
        Key={"id": {"S": "a"}},
        UpdateExpression="SET expiration = :past",
        ExpressionAttributeValues={":past": {"N": str(int(time.time()) - 1)}},
    )
    bus(events, table).publish([named("a")])
    assert events.taken == ["b", "a"]


def test_a_claim_ends_when_its_invocation_must(table: Any) -> None:
    """Seconds, while what was published is remembered for weeks."""
    Deduplication(table, "seen").acquire("claimed")
    bus(Events(), table).publish([named("published")])
    kept = {
        item["id"]["S"]: int(item["expiration"]["N"]) - time.time() for item in table.scan(TableName="seen")["Items"]
    }
    assert 0 < kept["claimed"] < 40
    assert kept["published"] > 14 * 24 * 3600


def test_nothing_is_published_where_nobody_can_tell_whether_it_was(table: Any) -> None:
    """A table that is out of reach: Temporary, and the bus is not asked."""
    events = Events()
    publisher = EventBus(events, "Plumbing", Deduplication(table, "not-there"), wait=lambda _: None)
    with pytest.raises(Temporary, match="ResourceNotFound"):
        publisher.publish([named("a")])
    assert not events.batches


def test_an_event_that_eventbridge_never_takes_is_no_reason_to_try_again(table: Any) -> None:
    with pytest.raises(BadEvent, match="EventBridge takes"):
        bus(Events(), table).publish([named("x" * MAX_BYTES)])


# A post of which X tells more, in a second event.


def told(name: str, **known: Any) -> Entry:
    detail = {"n": name, "Text": "hi", "Twitter": {"TweetId": "9", "UserId": "5"}, **known}
    return Entry(source="BOT", detail_type="T", detail=detail, dedup_key="message:9", known=known)


def test_a_second_telling_waits_for_the_first(table: Any) -> None:
    """X delivers both at once: the second finds the first under way, waits for a moment, and completes it."""
    events, first = Events(), Deduplication(table, "seen")
    first.acquire("message:9")

    def meanwhile(_: float) -> None:
        first.commit("message:9", "{}")

    EventBus(events, "Plumbing", Deduplication(table, "seen"), wait=meanwhile).publish([told("b", Summoned=True)])
    assert events.taken == ["b"]


def test_a_second_telling_that_is_not_taken_leaves_the_first_as_it_was(table: Any) -> None:
    """EventBridge is away: what is known stays what is published, for weeks, and the next try completes it."""
    events = Events({"b": MAX_ATTEMPTS})
    publisher = bus(events, table)
    publisher.publish([told("a")])
    before = table.get_item(TableName="seen", Key={"id": {"S": "message:9"}})["Item"]
    with pytest.raises(Temporary):
        publisher.publish([told("b", Summoned=True)])
    assert table.get_item(TableName="seen", Key={"id": {"S": "message:9"}})["Item"]["value"] == before["value"]
    bus(events, table).publish([told("b", Summoned=True)])
    bus(events, table).publish([told("c", Summoned=True)])
    assert events.taken == ["a", "b"]


def test_who_dies_during_a_second_telling_costs_no_knowledge(table: Any) -> None:
    """While its lease lasts we come back later; then the second telling is published, and not the first again."""
    events, dead = Events(), Deduplication(table, "seen")
    bus(events, table).publish([told("a", Author="ada")])
    _, value = dead.acquire("message:9")
    assert dead.acquire_again("message:9", value or "") is Lease.ACQUIRED
    with pytest.raises(Temporary, match="another invocation"):
        bus(events, table).publish([told("b", Summoned=True)])
    table.update_item(
        TableName="seen",
        Key={"id": {"S": "message:9"}},
        UpdateExpression="SET leased_until = :past",
        ExpressionAttributeValues={":past": {"N": str(int(time.time()) - 1)}},
    )
    bus(events, table).publish([told("c", Author="ada")])
    bus(events, table).publish([told("d", Summoned=True)])
    assert events.taken == ["a", "d"]
    item = table.get_item(TableName="seen", Key={"id": {"S": "message:9"}})["Item"]
    assert json.loads(item["value"]["S"]) == {"Author": "ada", "Summoned": True}
    assert int(item["expiration"]["N"]) - time.time() > 14 * 24 * 3600
    assert "leased_until" not in item


def test_the_container_that_failed_to_commit_may_go_on(table: Any) -> None:
    """Its own lease does not keep it away."""
    events, keys = Events(), Deduplication(table, "seen")
    publisher = EventBus(events, "Plumbing", keys, wait=lambda _: None)
    publisher.publish([told("a")])
    _, value = keys.acquire("message:9")
    keys.acquire_again("message:9", value or "")
    publisher.publish([told("b", Summoned=True)])
    assert events.taken == ["a", "b"]


def test_a_key_of_an_older_twbot_says_everything(table: Any) -> None:
    """It has no value: nothing is published a second time because the code is new."""
    events = Events()
    Deduplication(table, "seen").commit("message:9")
    bus(events, table).publish([told("b", Summoned=True)])
    assert events.taken == []
