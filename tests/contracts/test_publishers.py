"""What every publisher does with the keys of its entries: the local bus, EventBridge with DynamoDB, the tests' own."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.support.webhooks import MemoryBus
from twbot.lambdas.aws.deadline import note_deadline
from twbot.lambdas.aws.deduplication import Deduplication
from twbot.lambdas.aws.event_bus import EventBus
from twbot.lambdas.completion import known_of
from twbot.lambdas.contracts import Entry, Message, MessageReceived, ThreadPost, Twitter, entry, read
from twbot.lambdas.ports import Publisher
from twbot.lambdas.wiring import RULES
from twbot.local.bus.bus import Bus
from twbot.local.bus.history import History

URLS = ["https://pbs.twimg.com/media/1.jpg", "https://pbs.twimg.com/media/2.jpg"]


class Platform(NamedTuple):
    publisher: Publisher
    published: Callable[[], list[dict[str, Any]]]
    """The details of what is on the bus, in order."""
    forget: Callable[[str], None]
    """Erase what is known with a key."""


class Events:
    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []

    def put_events(self, Entries: Sequence[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self.taken += [json.loads(each["Detail"]) for each in Entries]
        return {"Entries": [{"EventId": "e"} for _ in Entries]}


class Invocation:
    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@contextlib.contextmanager
def on_aws() -> Iterator[Platform]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        make: Any = boto3.client
        table = make("dynamodb", region_name="us-east-1")
        table.create_table(
            TableName="seen",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        note_deadline(Invocation())
        events, keys = Events(), Deduplication(table, "seen")
        bus = EventBus(events, "Plumbing", keys, wait=lambda _: None)
        yield Platform(bus, lambda: list(events.taken), keys.commit)


@contextlib.contextmanager
def on_this_machine() -> Iterator[Platform]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bus.db"

        def published() -> list[dict[str, Any]]:
            with History(path) as history:
                return [event.detail for event in history.events()]

        with Bus(path, [rule for rule in RULES if rule.name == "keep-every-event"]) as bus:
            yield Platform(bus, published, lambda key: bus.forget_known([key]))


@contextlib.contextmanager
def in_memory() -> Iterator[Platform]:
    bus = MemoryBus()
    yield Platform(bus, lambda: [each.detail for each in bus.entries], bus.forget_known)


PLATFORMS = pytest.mark.parametrize("platform", [on_this_machine, on_aws, in_memory])
Opens = Callable[[], contextlib.AbstractContextManager[Platform]]


def message(**fields: Any) -> MessageReceived:
    known = {"text": "hi", "author": "5", "summoned": False, "twitter": Twitter(tweet_id="9", user_id="5")}
    return MessageReceived(**{**known, **fields})


def told(about: MessageReceived, *missing: str) -> Entry:
    return entry(about, dedup_key="message:9", known=known_of(about, missing))


FACTS: dict[str, Any] = {
    "author": "ada",
    "summoned": True,
    "image_urls": URLS,
    "followers": 7,
    "verified": False,
    "account_age_days": 0,
    "language": "en",
    "kind": "reply",
    "thread": [ThreadPost(tweet_id="3", author="bob", text="so")],
}
MATTERS = {"author": "Author", "summoned": "Summoned", "image_urls": "ImageUrls"}
TELLINGS = st.lists(st.sets(st.sampled_from(sorted(FACTS))), min_size=1, max_size=6)


@PLATFORMS
@given(tellings=TELLINGS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_knowledge_only_grows(platform: Opens, tellings: list[set[str]]) -> None:
    """In whatever order and grouping X tells it: the last event has the union, each says what it completes, and an
    event that knows nothing new that matters is none."""
    with platform() as (publisher, published, _):
        known: set[str] = set()
        expected: list[list[str]] = []
        for number, telling in enumerate(tellings):
            publisher.publish([told(message(**{name: FACTS[name] for name in telling}))])
            news = sorted(MATTERS[name] for name in telling - known if name in MATTERS)
            known |= telling
            if news or number == 0:
                expected.append(news if number else [])
                last = published()[-1]
                assert read(last, MessageReceived) == msgspec.structs.replace(
                    message(**{name: FACTS[name] for name in known}), completes=expected[-1]
                )
        assert [each.get("Completes", []) for each in published()] == expected


@PLATFORMS
def test_what_is_told_at_once_is_one_event(platform: Opens) -> None:
    """Two entries of a key in one call are one event, with what both know, and the whole text."""
    with platform() as (publisher, published, _):
        cut = told(message(text="hi…", summoned=True), "Text")
        publisher.publish([cut, told(message(text="hi there", author="ada")), cut])
        (event,) = published()
        assert (event["Text"], event["Author"], event["Summoned"]) == ("hi there", "ada", True)
        assert "Completes" not in event


@PLATFORMS
def test_a_whole_text_completes_a_cut_one(platform: Opens) -> None:
    """As a second event; the cut one after it is none."""
    with platform() as (publisher, published, _):
        for each in (told(message(text="h…"), "Text"), told(message(text="hi")), told(message(text="h…"), "Text")):
            publisher.publish([each])
        assert [(each["Text"], each.get("Completes")) for each in published()] == [("h…", None), ("hi", ["Text"])]


@PLATFORMS
def test_the_first_version_of_a_post_stays_known(platform: Opens) -> None:
    """Of an edited post, one generation may name it and the other not."""
    with platform() as (publisher, published, _):
        publisher.publish([told(message(twitter=Twitter(tweet_id="9", user_id="5", first_tweet_id="8")))])
        publisher.publish([told(message(summoned=True))])
        assert [each["Twitter"]["FirstTweetId"] for each in published()] == ["8", "8"]


@PLATFORMS
def test_what_was_erased_is_not_told_again(platform: Opens) -> None:
    """The key stays, and nothing of the post: not even a later event that knows more brings it back."""
    with platform() as (publisher, published, forget):
        publisher.publish([told(message())])
        forget("message:9")
        publisher.publish([told(message(**FACTS))])
        assert len(published()) == 1


@PLATFORMS
def test_other_entries_are_published_once(platform: Opens) -> None:
    """A key without knowledge is for the first alone; without a key each is published."""
    with platform() as (publisher, published, _):
        keyed = Entry(source="BOT", detail_type="T", detail={"n": 1}, dedup_key="k")
        publisher.publish([keyed, msgspec.structs.replace(keyed, detail={"n": 2})])
        publisher.publish([keyed, Entry(source="BOT", detail_type="T", detail={"n": 3})])
        publisher.publish([Entry(source="BOT", detail_type="T", detail={"n": 3})])
        assert published() == [{"n": 1}, {"n": 3}, {"n": 3}]


def test_every_field_of_a_message_is_known_or_named_here() -> None:
    """A field that is added to the messages is thought of: does it complete, travel along, or belong to the event?"""
    every = {field.encode_name for field in msgspec.structs.fields(Message)}
    full = message(**FACTS, twitter=Twitter(tweet_id="9", user_id="5", first_tweet_id="8"))
    assert every - set(known_of(full)) == {"Twitter", "Completes", "OptOut", "ReplayName"}
