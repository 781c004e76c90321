"""Nobody is answered twice and no reply is lost, whatever fails and in whatever order, on either platform's stores.

X never refuses a duplicate here: its refusal would hide a fault.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import boto3
import pytest
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyPersistenceLayerError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.support.timeline_x import TimelineX
from twbot.lambdas.aws.attempts import DynamoAttempts
from twbot.lambdas.contracts import Entry, Event, SendTweet, entry, new_event
from twbot.lambdas.egress.attempts import Attempts
from twbot.lambdas.egress.permission import Permission
from twbot.lambdas.egress.sender import Sender
from twbot.lambdas.errors import Temporary, XUnavailable
from twbot.lambdas.retention import RETENTION_SECONDS
from twbot.local.adapters.attempts import LocalAttempts
from twbot.local.adapters.idempotency import SqlitePersistence, idempotency_config
from twbot.local.adapters.replies import LocalReplies

NOW = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)


class Death(BaseException):
    """The process ends here."""


class Stores(NamedTuple):
    """What a platform remembers, as a process that has just started finds it."""

    attempts: Attempts
    sent: Any
    config: IdempotencyConfig


def on_this_machine(folder: Path) -> Callable[[], Stores]:
    attempts, sent = folder / "attempts.db", folder / "sent.db"
    return lambda: Stores(LocalAttempts(attempts), SqlitePersistence(sent), idempotency_config())


def on_aws() -> Callable[[], Stores]:
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="sent",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    # No time remains, so that a lock ends with the invocation that died.
    context: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: -1)

    def start() -> Stores:
        config = IdempotencyConfig(expires_after_seconds=RETENTION_SECONDS, lambda_context=context)
        sent = DynamoDBPersistenceLayer(table_name="sent", boto3_client=client)
        return Stores(DynamoAttempts(client, "sent"), sent, config)

    return start


class Faulty:
    """Calls that fail as planned: before they act, after it, or with the end of the process."""

    def __init__(self, target: Any, plan: list[str], error: Callable[[], Exception], *names: str) -> None:
        self._target, self._plan, self._error = target, plan, error
        for name in names:
            setattr(self, name, self._wrapped(getattr(target, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def _wrapped(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def planned(*arguments: Any, **named: Any) -> Any:
            fault = self._plan.pop(0) if self._plan else "none"
            if fault == "death before":
                raise Death
            if fault == "fails":
                raise self._error()
            result = call(*arguments, **named)
            if fault == "death after":
                raise Death
            if fault == "unheard":
                raise self._error()
            return result

        return planned


class Bus:
    def __init__(self) -> None:
        self.entries: dict[str | None, Entry] = {}

    def publish(self, entries: list[Entry]) -> None:
        for each in entries:
            self.entries.setdefault(each.dedup_key, each)

    def fix(self, key: str, value: str) -> str:
        raise NotImplementedError


FAULTS = st.lists(st.sampled_from(["none", "none", "fails", "unheard", "death before", "death after"]), max_size=6)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["deliver", "replay", "edit"]),
        st.integers(0, 1),  # which of two posts
        st.sampled_from([0.0, 1.0, 60.0, 4000.0]),  # seconds until then
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture(params=["local", "aws"])
def start(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Any]]:
    """Return a function that makes fresh stores and returns what opens them."""
    if request.param == "local":
        yield lambda: on_this_machine(tmp_path_factory.mktemp("sent"))
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "testing")
    with mock_aws():

        def fresh() -> Callable[[], Stores]:
            client = boto3.client("dynamodb", region_name="us-east-1")
            for table in client.list_tables()["TableNames"]:
                client.delete_table(TableName=table)
            return on_aws()

        yield fresh


def command(number: int, kind: str) -> Event:
    post = f"{1234500000000000000 + number}"
    fields: dict[str, Any] = {"text": f"words of {kind}", "reply_to_user_id": "7", "reply_to_tweet_id": post}
    if kind == "replay":
        fields |= {"replay_name": "with-replies-1"}
    if kind == "edit":
        fields |= {"reply_to_tweet_id": f"{int(post) + 1000}", "first_tweet_id": post}
    return new_event(entry(SendTweet(**fields)), NOW)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, on_x=FAULTS, on_attempts=FAULTS, on_sent=FAULTS, on_bus=FAULTS, lag=st.sampled_from([0.0, 8.0]))
def test_at_most_one_reply_and_none_lost(
    start: Callable[[], Callable[[], Stores]],
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, int, float]],
    on_x: list[str],
    on_attempts: list[str],
    on_sent: list[str],
    on_bus: list[str],
    lag: float,
) -> None:
    """For any schedule of deliveries, replays and edits, with lost answers, failures and deaths around each write."""
    now = [1000.0]
    open_stores, bus = start(), Bus()
    x = TimelineX(clock=lambda: now[0], lag=lag)
    permission = Permission(LocalReplies(tmp_path_factory.mktemp("replies") / "replies.db"))

    def handle(event: Event) -> bool:
        """Handle one delivery in a process that has just started. Return whether it is done."""
        stores = open_stores()
        faulty_sent = stores.sent
        for name in ("_put_record", "_update_record", "_delete_record"):
            wrapped = Faulty(stores.sent, on_sent, lambda: IdempotencyPersistenceLayerError("down", ValueError()), name)
            setattr(faulty_sent, name, getattr(wrapped, name))
        sender = Sender(
            Faulty(x, on_x, lambda: XUnavailable("no answer"), "reply"),
            {},  # type: ignore[arg-type]
            Faulty(bus, on_bus, lambda: Temporary("down"), "publish"),
            permission,
            Faulty(stores.attempts, on_attempts, lambda: Temporary("down"), "put", "get"),
            faulty_sent,
            stores.config,
            lambda: now[0],
        )
        try:
            sender.handle(event)
        except (Temporary, Death):
            return False
        return True

    waiting: list[Event] = []
    for kind, number, later in steps:
        now[0] += later
        waiting = [each for each in (*waiting, command(number, kind)) if not handle(each)]
    for plan in (on_x, on_attempts, on_sent, on_bus):
        plan.clear()
    for _ in range(5):
        now[0] += 100
        waiting = [each for each in waiting if not handle(each)]
    posts = sorted({number for _, number, _ in steps})
    assert waiting == []
    answered = [int(each.to) % 10 for each in x.replies]
    assert sorted(answered) == posts
    sent = [each.detail["TweetId"] for each in bus.entries.values() if each.detail_type == "TWEET_SENT"]
    assert sorted(sent) == sorted(f"9{number}" for number in range(1, len(posts) + 1))
