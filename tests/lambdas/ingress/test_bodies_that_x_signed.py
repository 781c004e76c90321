"""What X signed is answered 200 and kept, whatever its encoding and its shape. Nobody downstream chokes on it."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import EVENTS
from tests.support.webhooks import BOT, LookUps, MemoryBus, deliver, sample
from twbot.lambdas.aws.event_bus import MAX_BYTES
from twbot.lambdas.ingress.account_activity import MAX_EVENTS
from twbot.lambdas.ingress.body import MAX_DEPTH
from twbot.lambdas.ingress.responses import MAX_BODY

RECORDED = [path.read_bytes() for path in sorted(EVENTS.glob("*_activity/*.json"))]
MENTION = json.dumps(sample("account_activity/tweet_create_events.mention"))
TEXT = "@ExampleBot tell me a joke"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
ODD = (
    JSON
    | st.sampled_from(
        [10**30, -1, 2**63, "9" * 5000, "\x00", {"data": []}, {"type": {}}, [[]], [{"id": []}], {"id": {}}]
    )
    | st.sampled_from(["post.mention.create", "post.create", BOT, "2", "photo", "follow", ["retweeted"], [3, "x"]])
)


def _names(value: Any) -> set[str]:
    """Every name in a JSON document, however deep."""
    if isinstance(value, list):
        return set().union(*map(_names, value))
    return set(value).union(*map(_names, value.values())) if isinstance(value, dict) else set()


KEYWORDS = st.sampled_from(sorted(set().union(*(_names(json.loads(body)) for body in RECORDED))))
SIMILAR = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=6), max_leaves=12
)


def holds_everywhere(bus: MemoryBus) -> None:
    """Each entry is JSON for every consumer: valid text, finite numbers, of a bounded depth and size."""
    for entry in bus.entries:
        encoded = msgspec.json.encode(entry.detail)
        assert len(encoded) < MAX_BYTES - 100
        assert msgspec.json.decode(encoded) == entry.detail
        json.dumps(entry.detail, allow_nan=False, ensure_ascii=False).encode()
        assert _depth(entry.detail) <= MAX_DEPTH + 1


def _depth(value: Any) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, children), default=0) if isinstance(value, dict | list) else 0


def received(body: bytes) -> MemoryBus:
    bus = MemoryBus()
    assert deliver(body, bus).status == 200
    holds_everywhere(bus)
    return bus


def with_text(text: str) -> str:
    return MENTION.replace("@ExampleBot tell me a joke &amp; make it &lt;short&gt;", text)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (with_text(TEXT + " \\ud83d").encode(), TEXT + " \ufffd"),
        (with_text(TEXT + " \\ude00\\ud83d!").encode(), TEXT + " \ufffd\ufffd!"),
        (with_text(TEXT + " \\ud83d\\u0041").encode(), TEXT + " \ufffdA"),
        (with_text(TEXT + " \ud83d").encode("utf-8", "surrogatepass"), TEXT + " \ufffd"),
        (with_text(TEXT + " \ud83d\ude00").encode("utf-8", "surrogatepass"), TEXT + " \U0001f600"),
        (with_text(TEXT + " \x80").encode("latin-1"), TEXT + " \ufffd"),
        (b"\xef\xbb\xbf" + with_text(TEXT).encode(), TEXT),
        (with_text(TEXT).encode("utf-16"), TEXT),
        (with_text(TEXT).encode("utf-16-be"), TEXT),
        (with_text(TEXT).encode("utf-32"), TEXT),
        (with_text(TEXT + "\n").encode(), TEXT),
        (with_text(TEXT).replace("{", '{"for_user_id": "1", ', 1).encode(), TEXT),
        (with_text(TEXT).replace("{", '{"a": NaN, "b": -Infinity, "c": 1e999, ', 1).encode(), TEXT),
        (with_text(TEXT).replace("{", '{"a": ' + "9" * 5000 + ", ", 1).encode(), TEXT),
        (with_text(TEXT).replace("{", '{"a": {"b": ' + "[" * 200 + "]" * 200 + "}, ", 1).encode(), TEXT),
        (with_text(TEXT).replace('"description"', '"\\ud800"').replace("null", '"\\udc00"', 3).encode(), TEXT),
    ],
)
def test_a_post_is_understood_in_any_encoding(body: bytes, text: str) -> None:
    """Half emojis, CESU-8, wrong bytes, other encodings, numbers that are none, twice the same key, great depth."""
    bus = received(body)
    assert bus.kinds == ["TWITTER_TWEETED", "MESSAGE_RECEIVED"]
    assert [message.text for message in bus.messages] == [text]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "not JSON"),
        (b'{"a": ', "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"for_user_id": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", "nested too deeply"),
        (b"[]", "not a JSON object"),
        (b'"{}"', "not a JSON object"),
        (b"{}", "no webhook of X"),
        (b'{"hello": "world"}', "no webhook of X"),
        (b'{"for_user_id": "1"}', "no webhook of X"),
        (b'{"tweet_create_events": "none"}', "no webhook of X"),
        (b'{"data": {"event_type": "post.create"}}', "no webhook of X"),
    ],
)
def test_what_is_not_understood_is_kept_with_the_reason(body: bytes, problem: str) -> None:
    """One raw event, from which the very bytes can be had."""
    (entry,) = received(body).entries
    assert (entry.source, entry.detail_type) == ("TWITTER", "TWITTER_OTHER")
    assert problem in entry.detail["Problem"]
    assert kept(entry.detail) == body


def kept(detail: dict[str, Any]) -> bytes:
    return base64.b64decode(detail["Body"]) if detail.get("Encoding") == "base64" else detail["Body"].encode()


@pytest.mark.parametrize("body", [b"{" + b"\x00" * 900_000, b"{" + b"\xff" * 900_000, b'{"a": ' + b'"\xff"' * 300_000])
def test_a_large_one_is_kept_in_parts(body: bytes) -> None:
    """Each is an event that EventBridge takes; together they are the body."""
    entries = received(body).entries
    assert [entry.detail["Part"] for entry in entries] == list(range(1, entries[0].detail["Parts"] + 1))
    assert len({entry.detail["Digest"] for entry in entries}) == 1
    whole = {**entries[0].detail, "Body": "".join(entry.detail["Body"] for entry in entries)}
    assert kept(whole) == body


def test_what_grows_beyond_an_event_is_kept_in_parts() -> None:
    """Each wrong byte becomes a character of three: an event of the understood body would be too large."""
    body = with_text(TEXT + "\x80" * 900_000).encode("latin-1")
    bus = received(body)
    assert set(bus.kinds) == {"TWITTER_OTHER", "MESSAGE_RECEIVED"}
    assert bus.messages[0].text.startswith(TEXT)


@given(JSON | SIMILAR)
def test_any_json_is_kept(body: Any) -> None:
    """Whatever JSON X signs, the answer is 200; what a challenge could sign for anybody is refused."""
    bus = MemoryBus()
    answer = deliver(body, bus)
    assert answer.status == 200 or not isinstance(body, dict | list | str)
    assert answer.status in {200, 403}
    holds_everywhere(bus)


@given(st.sampled_from(RECORDED), st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=3)), max_size=5))
def test_any_damage_to_a_recorded_body_is_survived(body: bytes, damage: list[tuple[int, bytes]]) -> None:
    """Bytes that are lost, replaced or added: 200, and each event there."""
    damaged = bytearray(body)
    for place, replacement in damage:
        damaged[place % len(body) : place % len(body) + len(replacement) // 2] = replacement
    assert received(bytes(damaged)).entries


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in _places(child, (*path, key)))]


@given(st.data(), st.sampled_from(RECORDED), ODD)
def test_any_odd_value_anywhere_is_survived(data: st.DataObject, recorded: bytes, odd: Any) -> None:
    """A list where X documents a text, an object where it documents a number; the look-up that follows included."""
    body = json.loads(recorded)
    place = data.draw(st.sampled_from(_places(body)[1:]))
    holder = body
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = odd
    bus = MemoryBus()
    assert deliver(body, bus, Hostile(odd)).status == 200
    holds_everywhere(bus)
    assert not body.get("for_user_id") or bus.entries or not any(isinstance(each, list) for each in body.values())


class Hostile(LookUps):
    """An X whose answers are as odd as what it sends."""

    def __init__(self, odd: Any) -> None:
        super().__init__()
        self.odd = odd

    def look_up(self, tweet_id: str) -> dict[str, Any]:
        post = {"id": tweet_id, "author_id": "2222222222222222222", "entities": self.odd, "attachments": self.odd}
        users = [{"id": "2222222222222222222", "username": self.odd, "public_metrics": self.odd}, self.odd]
        return {"data": {**post, "text": self.odd}, "includes": {"users": users, "media": [self.odd]}}


def test_a_fault_of_ours_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where our reader fails in a way that nobody foresaw, the body is kept, and X is not made to deliver in vain."""

    def failing(*_: object) -> bool:
        raise TypeError("unhashable")

    monkeypatch.setattr("twbot.lambdas.ingress.x_activity.is_ours", failing)
    (entry,) = received(MENTION.encode()).entries
    assert "TypeError" in entry.detail["Problem"]
    assert kept(entry.detail) == MENTION.encode()


def test_very_many_events_in_one_body_are_bounded() -> None:
    """130,000 of them: some hundreds are told apart, the others are kept in a few pieces, within seconds."""
    numbers = ",".join(map(str, range(130_000)))
    body = f'{{"for_user_id": "{BOT}", "x_events": [{numbers}]}}'.encode()
    started = time.process_time()
    entries = received(body).entries
    assert time.process_time() - started < 10
    apart = [entry.detail["x_events"] for entry in entries if "Problem" not in entry.detail]
    pieces = [entry.detail["x_events"] for entry in entries if "Problem" in entry.detail]
    assert apart == [[number] for number in range(MAX_EVENTS)]
    assert len(pieces) < 10
    assert [number for piece in pieces for number in piece] == list(range(MAX_EVENTS, 130_000))


def test_very_many_keys_with_an_event_each_are_bounded_too() -> None:
    """It is the events of the body that are counted, not those of one key."""
    keys = [f"k{number}_events" for number in range(40_000)]
    entries = received(json.dumps({"for_user_id": BOT, **{key: [{}] for key in keys}}).encode()).entries
    pieces = [entry.detail for entry in entries if "Problem" in entry.detail]
    assert len(entries) - len(pieces) == MAX_EVENTS
    assert len(pieces) < 10
    assert {key for piece in pieces for key in piece if key in keys} == set(keys[MAX_EVENTS:])


def test_what_surrounds_many_events_is_not_repeated_with_each() -> None:
    """A large map beside the events comes with the first of them; the others say whom they are about."""
    people = {str(number): {"name": "x" * 90} for number in range(5_000)}
    events = [{"type": "message_create", "id": str(number)} for number in range(100)]
    body = json.dumps({"for_user_id": BOT, "direct_message_events": events, "users": people}).encode()
    assert len(body) < MAX_BODY
    entries = received(body).entries
    assert len(entries) == 100
    assert entries[0].detail["users"] == people
    assert all(entry.detail["for_user_id"] == BOT for entry in entries)
    assert sum(len(msgspec.json.encode(entry.detail)) for entry in entries) < 2 * len(body)
