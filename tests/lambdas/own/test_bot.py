"""What a function of the folder may do: reply, publish, read its secrets and the pictures."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
import pytest

from tests.support.own_functions import Bus, Media
from twbot.bot import Bot, Event, Permanent, ReplyImage
from twbot.lambdas.errors import BadEvent, FunctionFailed
from twbot.lambdas.own import running
from twbot.lambdas.own.redaction import HIDDEN, Redactor

JPEG, PNG = b"\xff\xd8jpeg", b"\x89PNG\r\n"


def bot_with(bus: Bus, media: Media | None = None, **more: Any) -> Bot:
    given: dict[str, Any] = {
        "secrets": {},
        "settings": {},
        "events": {},
        "links": [],
        "log": logging.getLogger("own"),
    }
    return Bot(publisher=bus, media=Media() if media is None else media, **{**given, **more})


def message(*, summoned: bool = True) -> Event:
    detail = {"Text": "hi", "Author": "ada", "Summoned": summoned, "Twitter": {"TweetId": "5", "UserId": "7"}}
    return Event(id="1", source="BOT", time="2026-01-01T00:00:00Z", detail_type="MESSAGE_ANALYSED", detail=detail)


def test_a_reply_names_nobody_else_and_links_only_the_bots_own_places() -> None:
    """What somebody wrote, and a function repeats, is no mention and no link."""
    bus = Bus()
    assert bot_with(bus, links=["shop.example"]).reply(
        message(), "@bob see https://shop.example/1 or https://evil.example"
    )
    text = bus.entries[0].detail["Text"].replace("\u200b", "|")
    assert text == "@|bob see https://shop.example/1 or https:|//evil.|example"


def test_a_post_that_x_would_not_let_be_answered_gets_no_command(caplog: pytest.LogCaptureFixture) -> None:
    """The function is told, and so is the log."""
    bus = Bus()
    assert not bot_with(bus).reply(message(summoned=False), "hello")
    assert (bus.entries, "no reply" in caplog.text) == ([], True)


def test_the_first_reply_to_a_post_is_the_one(caplog: pytest.LogCaptureFixture) -> None:
    """A second one, of a retry or of another rule, has its words and its key: the bus drops it."""
    bus = Bus()
    for words in ("first", "second"):
        bot_with(bus).reply(message(), words)
    assert [(each.detail["Text"], each.dedup_key) for each in bus.entries] == [("first", "reply:5")] * 2


def test_a_secret_is_neither_published_nor_replied() -> None:
    """Events are logged and kept, replies are public; however it is spelled. A short word is there by chance."""
    bus = Bus()
    bot = bot_with(bus, secrets={"TOKEN": "tok-0123456789", "WORD": "tea"})
    for attempt in (
        lambda: bot.reply(message(), "your tok-0123456789"),
        lambda: bot.publish("ORDER_ASKED", {"Headers": ["Bearer tok-0123456789"]}),
        lambda: bot.publish("ORDER_ASKED", {"Url": "https://x.example/?auth=dG9rLTAxMjM0NTY3ODk="}),
    ):
        with pytest.raises(Permanent, match="has the secret TOKEN"):
            attempt()
    assert bus.entries == []
    assert bot.reply(message(), "steamed")


def test_what_a_replay_causes_bears_its_name() -> None:
    """Own rules that don't take replays leave it alone."""
    bus = Bus()
    replayed = msgspec.structs.replace(message(), replay_name="replay-1")
    running.call("bot.code:f", lambda event, bot: bot.publish("ORDER_ASKED", {"Order": 7}), replayed, bot_with(bus))
    running.call("bot.code:f", lambda event, bot: bot.publish("ORDER_ASKED", {"Order": 7}), message(), bot_with(bus))
    assert [each.detail for each in bus.entries] == [{"Order": 7, "ReplayName": "replay-1"}, {"Order": 7}]


def test_pictures_of_a_reply_are_kept_under_names_that_follow_from_them() -> None:
    """A retry overwrites its pictures rather than adding others."""
    bus, media = Bus(), Media()
    for _ in range(2):
        bot_with(bus, media).reply(message(), "look", [JPEG, PNG, ReplyImage(key="kept")])
    keys = [each["Key"] for each in bus.entries[0].detail["Images"]]
    assert sorted(media) == sorted(keys[:2])
    assert [key.rpartition(".")[2] for key in keys[:2]] + keys[2:] == ["jpg", "png", "kept"]


@pytest.mark.parametrize(
    ("kind", "detail", "said"),
    [
        ("SEND_TWEET", {}, "none of twbot's"),
        ("TWITTER_TWEETED", {}, "none of twbot's"),
        ("order asked", {}, "no type"),
        ("ORDER", {"number": "five"}, "number: expected integer"),
        ("ORDER", {"number": True}, "number: expected integer"),
        ("ORDER", {"number": 2**63}, "number: expected integer"),
        ("ORDER", {"numbr": 5}, "has no field numbr"),
        ("OTHER", {"what": object()}, "not JSON"),
        ("OTHER", {"what": "\ud800"}, "not JSON"),
    ],
)
def test_an_own_event_is_checked_before_it_is_published(kind: str, detail: dict[str, Any], said: str) -> None:
    """Nothing that the lake could not keep, or that would pass for an event of twbot, reaches the bus."""
    bus = Bus()
    with pytest.raises(BadEvent, match=said):
        bot_with(bus, events={"ORDER": {"number": "integer"}}).publish(kind, detail)
    assert bus.entries == []


def test_an_own_event_is_published_once_where_it_says_so() -> None:
    """The key is of its type: two types may use the same."""
    bus = Bus()
    bot_with(bus).publish("ORDER", {"n": 1}, once="5")
    bot_with(bus).publish("ORDER", {"n": 1})
    assert [(each.source, each.detail_type, each.dedup_key) for each in bus.entries] == [
        ("BOT", "ORDER", "own:ORDER:5"),
        ("BOT", "ORDER", None),
    ]


def test_a_secret_that_is_not_named_is_not_to_be_had() -> None:
    """The error says how to name it."""
    bot = bot_with(Bus(), secrets={"TOKEN": "t0ken"})
    assert bot.secret("TOKEN") == "t0ken"
    with pytest.raises(Permanent, match="twbot secrets put OTHER"):
        bot.secret("OTHER")


async def answer(event: Event, bot: Bot) -> str:
    return f"hello {event.detail['Author']}"


def exits(event: Event, bot: Bot) -> None:
    raise SystemExit(3)


def refuses(event: Event, bot: Bot) -> None:
    raise Permanent("no")


def test_functions_are_plain_or_async() -> None:
    assert running.call("x:answer", answer, message(), bot_with(Bus())) == "hello ada"


def test_whatever_a_function_raises_is_told_and_ends_nothing() -> None:
    """Also what would end a process; Permanent and Temporary keep their meaning."""
    with pytest.raises(FunctionFailed, match="x:exits: SystemExit: 3") as failed:
        running.call("x:exits", exits, message(), bot_with(Bus()))
    assert "in exits" in (failed.value.traceback or "")
    with pytest.raises(Permanent, match="no"):
        running.call("x:refuses", refuses, message(), bot_with(Bus()))


SECRET = 'p"ä/s+s w\\rd'


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        repr({"key": SECRET}),
        f"https://x.example/?key={__import__('urllib.parse').parse.quote_plus(SECRET)}",
        __import__("json").dumps({"key": SECRET}),
        __import__("base64").b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_hidden_in_every_spelling(text: str) -> None:
    """In JSON, URLs, base64 and Python's own."""
    hidden = Redactor([SECRET])(text)
    assert HIDDEN in hidden
    assert "s+s" not in hidden
    assert "cCLDpC" not in hidden


@pytest.mark.parametrize(
    ("text", "images", "said"),
    [
        (5, [], "expected text, got 5"),
        (None, [], "expected text, got None"),
        (" \n", [], "neither text nor pictures"),
        ("hi", [PNG] * 5, "5 pictures; X takes 4"),
        ("hi", [b"GIF89a"], "expected the bytes of a JPEG or PNG"),
        ("hi", ["cat.jpg"], "expected the bytes of a JPEG or PNG"),
        ("hi", [JPEG + bytes(5 * 1024 * 1024)], "5,242,886 bytes; X takes 5,242,880"),
    ],
)
def test_a_reply_that_x_would_refuse_is_the_functions_fault(text: Any, images: Any, said: str) -> None:
    """It is told where the function is called, and nothing is published: another rule may still reply."""
    bus = Bus()
    with pytest.raises(BadEvent, match=said):
        bot_with(bus).reply(message(), text, images)
    assert (bus.entries, bus.fixed) == ([], {})


@pytest.mark.parametrize(
    ("detail", "said"),
    [([1], "expected a dict"), (None, "expected a dict"), ({"x": "y" * 1_000_000}, "room for 1,000,000")],
)
def test_an_own_event_that_is_none_is_refused(detail: Any, said: str) -> None:
    """On either platform alike: EventBridge has no room for more."""
    bus = Bus()
    with pytest.raises(BadEvent, match=said):
        bot_with(bus).publish("ODD", detail)
    assert bus.entries == []


@pytest.mark.parametrize("amount", ["1", None, True, float("nan"), float("inf"), 10**400])
def test_only_numbers_are_added(amount: Any) -> None:
    """What is none would end the process of the function, or make the sum useless for ever."""
    with pytest.raises(BadEvent, match="expected a number"):
        bot_with(Bus()).add("loans", amount)
