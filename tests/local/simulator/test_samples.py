"""The samples that `twbot webhook sample` delivers: what our own ingress makes of each."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.support.webhooks import BOT, KEYS, MemoryBus
from twbot.lambdas.contracts import BOT as BOT_SOURCE
from twbot.lambdas.ingress.webhook import receive
from twbot.lambdas.ports import Keys
from twbot.local.simulator.deliveries import sign
from twbot.local.simulator.problems import Problem
from twbot.local.simulator.samples import GENERATIONS, KINDS, SampleRequest, sample

DETAIL_TYPES = {
    "mention": "TWITTER_TWEETED",
    "image": "TWITTER_TWEETED",
    "reply": "TWITTER_TWEETED",
    "quote": "TWITTER_TWEETED",
    "repost": "TWITTER_TWEETED",
    "post": "TWITTER_TWEETED",
    "delete": "TWITTER_DELETED",
    "like": "TWITTER_FAVOURITED",
    "follow": "TWITTER_FOLLOWED",
    "unfollow": "TWITTER_UNFOLLOWED",
    "block": "TWITTER_BLOCKED",
    "unblock": "TWITTER_UNBLOCKED",
    "mute": "TWITTER_MUTED",
    "unmute": "TWITTER_UNMUTED",
    "dm": "TWITTER_DM_RECEIVED",
    "typing": "TWITTER_DM_TYPING",
    "read": "TWITTER_DM_MARKED_READ",
    "revoke": "TWITTER_PERMISSION_REVOKED",
}
# Told to the bot: whether it is summoned by it.
MESSAGES = {"mention": True, "image": True, "quote": True, "reply": False}


def taken(generation: str, kind: str, **details: Any) -> MemoryBus:
    found = sample(SampleRequest(generation=generation, kind=kind, bot_id=BOT, **details))
    bus = MemoryBus()
    answer = receive(found.body, sign(KEYS.api_secret, found.body), keys=KEYS, publisher=bus)
    assert answer.status == 200
    return bus


def said(bus: MemoryBus) -> list[dict[str, Any]]:
    return [entry.detail for entry in bus.entries if entry.source == BOT_SOURCE]


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_bot_takes_every_sample_for_what_it_is(generation: str, kind: str) -> None:
    """Of each generation and kind; what is said to the bot becomes a message, and summons it where X would let it
    answer."""
    bus = taken(generation, kind)
    assert bus.kinds[0] == DETAIL_TYPES[kind]
    assert [detail["Summoned"] for detail in said(bus)] == ([MESSAGES[kind]] if kind in MESSAGES else [])


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_sample_says_what_was_asked_for(generation: str) -> None:
    """Text and author; a picture is in it, or hinted at as X Activity does."""
    bus = taken(generation, "mention", text="tell me a joke", author="zoe", bot="MyBot")
    (message,) = bus.messages
    assert (message.text, message.author) == ("@MyBot tell me a joke", "zoe")
    (pictured,) = said(taken(generation, "image"))
    assert len(pictured.get("ImageUrls", [])) == 1 or pictured["Missing"] == ["ImageUrls"]


def test_the_signature_is_of_these_bytes_and_this_secret() -> None:
    """With another secret a bot refuses it."""
    found = sample(SampleRequest(generation="xaa", kind="mention", bot_id=BOT))
    other: Keys = msgspec.structs.replace(KEYS, api_secret="another")
    signature = sign(other.api_secret, found.body)
    assert receive(found.body, signature, keys=KEYS, publisher=MemoryBus()).status == 403


@pytest.mark.parametrize(
    "details", [{"bot": "no name"}, {"author": "x" * 16}, {"picture": b"not a picture", "kind": "image"}]
)
def test_what_x_would_not_take_is_no_sample(details: dict[str, object]) -> None:
    """As the simulated X says it."""
    with pytest.raises(Problem):
        sample(msgspec.structs.replace(SampleRequest(generation="v2", kind="mention"), **details))
