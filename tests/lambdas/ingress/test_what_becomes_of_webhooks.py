"""Each recorded webhook, and the events that it becomes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.paths import EVENTS
from tests.support.webhooks import BOT, LookUps, MemoryBus, deliver, photo_answer, sample
from twbot.lambdas.contracts import RAW_TYPES, TWITTER

KINDS = {
    "account_activity/block_events.block": "BLOCKED",
    "account_activity/block_events.unblock": "UNBLOCKED",
    "account_activity/direct_message_events": "DM_RECEIVED",
    "account_activity/direct_message_indicate_typing_events": "DM_TYPING",
    "account_activity/direct_message_mark_read_events": "DM_MARKED_READ",
    "account_activity/favorite_events": "FAVOURITED",
    "account_activity/follow_events.follow": "FOLLOWED",
    "account_activity/follow_events.unfollow": "UNFOLLOWED",
    "account_activity/list_member_events": "OTHER",
    "account_activity/mute_events.mute": "MUTED",
    "account_activity/mute_events.unmute": "UNMUTED",
    "account_activity/replay_job_status": "REPLAY_COMPLETED",
    "account_activity/tweet_create_events.elsewhere": "TWEETED",
    "account_activity/tweet_create_events.mention": "TWEETED",
    "account_activity/tweet_create_events.own": "TWEETED",
    "account_activity/tweet_create_events.photos": "TWEETED",
    "account_activity/tweet_create_events.quote": "TWEETED",
    "account_activity/tweet_create_events.reply": "TWEETED",
    "account_activity/tweet_create_events.repost": "TWEETED",
    "account_activity/tweet_create_events.truncated": "TWEETED",
    "account_activity/tweet_delete_events": "DELETED",
    "account_activity/user_event": "PERMISSION_REVOKED",
    "x_activity/block.block": "BLOCKED",
    "x_activity/block.unblock": "UNBLOCKED",
    "x_activity/dm.indicate_typing": "DM_TYPING",
    "x_activity/dm.read": "DM_MARKED_READ",
    "x_activity/dm.received": "DM_RECEIVED",
    "x_activity/follow.follow": "FOLLOWED",
    "x_activity/follow.unfollow": "UNFOLLOWED",
    "x_activity/like.create": "FAVOURITED",
    "x_activity/mute.mute": "MUTED",
    "x_activity/mute.unmute": "UNMUTED",
    "x_activity/oauth.revoke": "PERMISSION_REVOKED",
    "x_activity/post.create": "TWEETED",
    "x_activity/post.create.empty": "TWEETED",
    "x_activity/post.delete": "DELETED",
    "x_activity/post.mention.create": "TWEETED",
    "x_activity/post.mention.create.photo": "TWEETED",
    "x_activity/post.quote.create": "TWEETED",
    "x_activity/post.reply.create": "TWEETED",
    "x_activity/post.repost.create": "TWEETED",
    "x_activity/spaces.start": "OTHER",
}
MESSAGES = {  # text, summoned
    "account_activity/tweet_create_events.mention": ("@ExampleBot tell me a joke & make it <short>", True),
    "account_activity/tweet_create_events.photos": ("@ExampleBot who is this?", True),
    "account_activity/tweet_create_events.quote": ("Look at this https://t.co/Quo123", True),
    "account_activity/tweet_create_events.reply": ("@ExampleBot that is not true at all", False),
    "x_activity/post.mention.create.photo": ("@ExampleBot who is this?", True),
    "x_activity/post.quote.create": ("Look at this https://t.co/Quo123", True),
    "x_activity/post.reply.create": ("@ExampleBot that is not true & never was", False),
}


def test_every_recorded_webhook_is_tried() -> None:
    """No sample lies here unused."""
    assert {str(path.relative_to(EVENTS))[:-5] for path in EVENTS.rglob("*.json")} >= set(KINDS)
    recorded = {str(path.relative_to(EVENTS))[:-5] for path in EVENTS.glob("*_activity/*.json")}
    assert recorded == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_becomes_its_raw_event_untouched(name: str) -> None:
    """Source TWITTER, the kind's detail type, and what X sent."""
    bus, body = MemoryBus(), sample(name)
    assert deliver(body, bus).status == 200
    raw = bus.entries[0]
    assert (raw.source, raw.detail_type, raw.detail) == (TWITTER, f"TWITTER_{KINDS[name]}", body)
    assert raw.detail_type in RAW_TYPES


@pytest.mark.parametrize("name", KINDS)
def test_what_comes_twice_is_published_once(name: str) -> None:
    """X delivers the same again when our answer got lost."""
    bus = MemoryBus()
    deliver(sample(name), bus)
    count = len(bus.entries)
    assert deliver(sample(name), bus).status == 200
    assert len(bus.entries) == count


@pytest.mark.parametrize("name", KINDS)
def test_the_order_of_keys_makes_no_second_event(name: str) -> None:
    """JSON objects have no order: a redelivery whose keys come in another order is the same event."""
    bus = MemoryBus()
    deliver(sample(name), bus)
    count = len(bus.entries)
    assert deliver(reversed_keys(sample(name)), bus).status == 200
    assert len(bus.entries) == count


def reversed_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reversed_keys(item) for key, item in reversed(value.items())}
    return [reversed_keys(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("name", "expected"), MESSAGES.items())
def test_what_people_say_becomes_a_message(name: str, expected: tuple[str, bool]) -> None:
    """The text as it was typed, without the media's link; whether it summons; who said it, in which language."""
    bus, body = MemoryBus(), sample(name)
    deliver(body, bus, LookUps(photo_answer(body)) if "photo" in name and "data" in body else None)
    [message] = bus.messages
    assert (message.text, message.summoned) == expected
    assert (message.author, message.twitter.user_id, message.language) == ("ada_example", "2222222222222222222", "en")


def test_the_documented_mention_becomes_a_message() -> None:
    """X's own sample: summoned, and no language where X could not tell."""
    bus = MemoryBus()
    deliver(sample("x_activity/post.mention.create"), bus)
    [message] = bus.messages
    assert (message.text, message.author, message.summoned) == ("hey @ExampleUser", "OtherUser", True)
    assert (message.language, message.twitter.tweet_id) == (None, "2080765813578191303")


@pytest.mark.parametrize("name", sorted(KINDS.keys() - MESSAGES.keys()))
def test_nothing_else_becomes_a_message(name: str) -> None:
    """Not the bot's own posts, no reposts, nothing that is neither to the bot nor about it."""
    bus = MemoryBus()
    deliver(sample(name), bus)
    if name not in {"x_activity/post.mention.create", "account_activity/tweet_create_events.truncated"}:
        assert not bus.messages


def test_a_long_post_comes_in_full_with_its_photo() -> None:
    """A truncated post's text and media are in extended_tweet."""
    bus = MemoryBus()
    deliver(sample("account_activity/tweet_create_events.truncated"), bus)
    [message] = bus.messages
    assert message.text.endswith("until it ends.")
    assert message.image_urls == ["https://pbs.twimg.com/media/Example3.jpg"]
    assert message.summoned


def test_all_photos_of_a_post_are_taken_and_nothing_but_photos() -> None:
    """Up to four, from extended_entities; of a video not even its preview."""
    body = sample("account_activity/tweet_create_events.photos")
    media = body["tweet_create_events"][0]["extended_entities"]["media"]
    bus = MemoryBus()
    deliver(body, bus)
    assert bus.messages[0].image_urls == [item["media_url_https"] for item in media]
    media[0]["type"] = "video"
    bus = MemoryBus()
    deliver(body, bus)
    assert bus.messages[0].image_urls == [media[1]["media_url_https"]]


def test_one_post_in_many_wrappings_is_one_message() -> None:
    """A mention within a reply comes as both, and from both generations; whichever is first, it is summoned."""
    for first in ("post.reply.create", "post.mention.create"):
        body = sample("x_activity/post.mention.create")
        body["data"]["payload"]["in_reply_to_user_id"] = BOT
        body["data"]["event_type"] = first
        bus = MemoryBus()
        deliver(body, bus)
        body["data"]["event_type"] = "post.mention.create"
        deliver(body, bus)
        body["data"]["event_type"] = "post.reply.create"
        deliver(body, bus)
        assert [message.summoned for message in bus.messages] == [True]


def test_each_event_of_an_array_is_an_event_of_its_own() -> None:
    """Still in X's shape, and a broken one does not cost the others."""
    body = sample("account_activity/tweet_create_events.mention")
    other = {**body["tweet_create_events"][0], "id_str": "77"}
    body["tweet_create_events"] += [None, other, {"user": "?"}]
    bus = MemoryBus()
    assert deliver(body, bus).status == 200
    assert bus.kinds == ["TWITTER_TWEETED", "TWITTER_OTHER", *["TWITTER_TWEETED"] * 2, *["MESSAGE_RECEIVED"] * 2]
    assert all(len(entry.detail["tweet_create_events"]) == 1 for entry in bus.entries[:4])


def test_an_empty_array_is_nothing() -> None:
    """A known shape with no event in it is answered, and no event."""
    bus = MemoryBus()
    assert deliver({"for_user_id": BOT, "tweet_create_events": []}, bus).status == 200
    assert not bus.entries


@pytest.mark.parametrize("code", ["in", "iw", "zh-cn", "und", "qme", "zxx", "ckb", None, 7])
def test_languages_are_iso_codes(code: Any) -> None:
    """X's old codes are renewed; what is no language at all is left out."""
    body = sample("account_activity/tweet_create_events.mention")
    body["tweet_create_events"][0]["lang"] = code
    bus = MemoryBus()
    deliver(body, bus)
    assert bus.messages[0].language == {"in": "id", "iw": "he", "zh-cn": "zh"}.get(code)


def test_a_post_without_the_envelopes_data_is_recognised() -> None:
    """Some receive the envelope bare, and users wrapped in data."""
    envelope = sample("x_activity/post.mention.create")["data"]
    envelope["includes"]["users"] = [{"data": user} for user in envelope["includes"]["users"]]
    bus = MemoryBus()
    deliver(envelope, bus)
    assert bus.messages[0].author == "OtherUser"
    assert bus.entries[0].detail == envelope


def test_a_quote_within_a_reply_summons_though_x_does_not_include_it() -> None:
    """The link to the quoted post names whose it is; that of somebody else's summons nobody."""
    for name, summons in (("ExampleBot", True), ("bob_example", False)):
        body = sample("x_activity/post.quote.create")
        body["data"] |= {"event_type": "post.reply.create"}
        body["data"]["includes"].pop("tweets")
        link = body["data"]["payload"]["entities"]["urls"][0]
        link["expanded_url"] = f"https://x.com/{name}/status/2080765813578191000"
        bus = MemoryBus()
        deliver(body, bus)
        assert [message.summoned for message in bus.messages] == [summons]


def test_the_bot_does_not_answer_itself() -> None:
    """Not even where it mentions, quotes or answers itself."""
    body = sample("account_activity/tweet_create_events.mention")
    body["tweet_create_events"][0]["user"] = {"id_str": BOT, "screen_name": "ExampleBot"}
    wrapped = sample("x_activity/post.mention.create")
    wrapped["data"]["payload"]["author_id"] = BOT
    bus = MemoryBus()
    deliver(body, bus)
    deliver(wrapped, bus)
    assert bus.kinds == ["TWITTER_TWEETED"] * 2


def test_a_repost_is_no_message_in_any_wrapping() -> None:
    """Though it repeats a mention of the bot."""
    body = sample("x_activity/post.mention.create")
    body["data"]["payload"]["referenced_tweets"] = [{"type": "retweeted", "id": "5"}]
    bus = MemoryBus()
    deliver(body, bus)
    assert bus.kinds == ["TWITTER_TWEETED"]


def test_another_accounts_mention_does_not_summon_the_bot() -> None:
    """An app may watch several accounts: X refuses the bot's answer to what mentions only another one."""
    body = sample("x_activity/post.mention.create")
    body["data"]["filter"]["user_id"] = "999"
    body["data"]["payload"]["entities"]["mentions"][0]["id"] = "999"
    bus = MemoryBus()
    deliver(body, bus)
    assert [message.summoned for message in bus.messages] == [False]


def test_a_long_x_activity_post_comes_in_full() -> None:
    """Its note_tweet has the whole text, and the mentions in it."""
    body = sample("x_activity/post.create")
    note = {"text": "so long &gt; @ExampleBot", "entities": {"mentions": [{"start": 11, "end": 22, "id": BOT}]}}
    body["data"]["payload"] |= {"author_id": "5", "note_tweet": note}
    body["data"]["includes"]["users"].append({"id": "5", "username": "ada_example"})
    bus = MemoryBus()
    deliver(body, bus)
    assert [(message.text, message.summoned) for message in bus.messages] == [("so long > @ExampleBot", True)]
