"""Several events of a post, in any order and with any gaps: one message, which knows what X can be asked for."""

from __future__ import annotations

import copy
import datetime
import itertools
import time
from typing import Any

import msgspec
import pytest

from tests.support.webhooks import BOT, LookUps, MemoryBus, deliver, photo_answer, sample
from twbot.lambdas.contracts import Event, MessageReceived, PostIncomplete, entry, new_event, read
from twbot.lambdas.errors import NotConfigured, Temporary, XRefused, XUnavailable
from twbot.lambdas.ingress.lookup import MAX_WAIT, RETRY_AFTER, complete_post

Json = dict[str, Any]
PHOTO = "https://pbs.twimg.com/media/Looked.jpg"


def reply_that_mentions() -> tuple[Json, Json, Json]:
    """X's three events of a reply that mentions the bot: as a mention, as a reply, and in Account Activity."""
    mention = sample("x_activity/post.mention.create")
    mention["data"]["payload"] |= {"in_reply_to_user_id": BOT, "in_reply_to_tweet_id": "1001"}
    reply = copy.deepcopy(mention)
    reply["data"] |= {"event_type": "post.reply.create", "includes": {}}
    del reply["data"]["payload"]["entities"]
    classic = sample("account_activity/tweet_create_events.mention")
    tweet = classic["tweet_create_events"][0]
    tweet |= {"id_str": mention["data"]["payload"]["id"], "in_reply_to_status_id_str": "1001"}
    tweet["user"] |= {"screen_name": "OtherUser"}
    return mention, reply, classic


def without_photo() -> Json:
    body = sample("x_activity/post.mention.create.photo")
    body["data"]["includes"] = {}
    return body


def happened(incomplete: dict[str, Any], seconds_ago: float = 0.0) -> Event:
    at = datetime.datetime.fromtimestamp(time.time() - seconds_ago, datetime.UTC)
    return new_event(entry(read(incomplete, PostIncomplete)), at)


def gaps(bus: MemoryBus) -> Json:
    (found,) = [each.detail for each in bus.entries if each.detail_type == "POST_INCOMPLETE"]
    return found


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_events_does_not_matter(order: tuple[int, ...]) -> None:
    """In the end it is known that the post summons the bot, who wrote it, and that it is a reply."""
    events, bus = reply_that_mentions(), MemoryBus()
    x = LookUps({"data": events[0]["data"]["payload"], "includes": events[0]["data"]["includes"]})
    for number in order:
        deliver(events[number], bus, x)
    assert len(bus.messages) == 1
    message = bus.messages[-1]
    assert (message.summoned, message.author, message.kind) == (True, "OtherUser", "reply")
    assert len(x.asked) == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_nor_does_it_where_x_cannot_be_asked(order: tuple[int, ...]) -> None:
    """What the first event did not say comes with a second message, which says what it completes."""
    bus, x = MemoryBus(), LookUps(failure=XRefused("no", reason="forbidden", status=403))
    for number in order:
        deliver(reply_that_mentions()[number], bus, x)
    message = bus.messages[-1]
    assert (message.summoned, message.author) == (True, "OtherUser")
    assert len(bus.messages) == (2 if order[0] == 1 else 1)
    assert [each.completes for each in bus.messages[1:]] == [["Author", "Summoned"]] * (order[0] == 1)


def test_a_complete_post_is_not_looked_up() -> None:
    """Whose author X names and that hints at no photo: one event of ours, and X is not asked."""
    for name in ("x_activity/post.mention.create", "x_activity/post.quote.create", "x_activity/post.reply.create"):
        bus, x = MemoryBus(), LookUps()
        deliver(sample(name), bus, x)
        assert (bus.kinds, x.asked) == (["TWITTER_TWEETED", "MESSAGE_RECEIVED"], [])


def test_included_media_spare_the_look_up() -> None:
    """Should X include the media one day, it is not asked."""
    body = sample("x_activity/post.mention.create.photo")
    url = "https://pbs.twimg.com/media/Included.jpg"
    body["data"]["includes"]["media"] = [{"media_key": "3_2080765813578190000", "type": "photo", "url": url}]
    bus = MemoryBus()
    deliver(body, bus)
    assert bus.messages[0].image_urls == [url]


def test_photos_and_names_are_looked_up_once() -> None:
    """However often X delivers; what X answers is in the message."""
    bus, body = MemoryBus(), without_photo()
    answer = photo_answer(sample("x_activity/post.mention.create.photo"), PHOTO)
    x = LookUps(answer)
    for _ in range(3):
        deliver(body, bus, x)
    assert bus.kinds == ["TWITTER_TWEETED", "POST_INCOMPLETE", "MESSAGE_RECEIVED"]
    assert gaps(bus)["Missing"] == ["Author", "ImageUrls"]
    (message,) = bus.messages
    assert (message.author, message.image_urls, message.summoned) == ("ada_example", [PHOTO], True)
    assert len(x.asked) == 1


@pytest.mark.parametrize("name", [{"screen_name": ""}, {"screen_name": None}, {"screen_name": ["x"]}, {}])
def test_an_author_without_a_name_is_looked_up(name: Json) -> None:
    """In either generation. Until X says the name, the id stands for it."""
    body = sample("account_activity/tweet_create_events.mention")
    del body["tweet_create_events"][0]["user"]["screen_name"]
    body["tweet_create_events"][0]["user"] |= name
    bus = MemoryBus()
    deliver(body, bus, LookUps(failure=XRefused("gone", reason="post-gone", status=404)))
    assert gaps(bus)["Missing"] == ["Author"]
    assert [message.author for message in bus.messages] == ["2222222222222222222"]


@pytest.mark.parametrize(
    "failure", [XRefused("no", reason="forbidden", status=403), NotConfigured("There are no keys.")]
)
def test_a_refused_look_up_costs_the_photos_only(failure: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """At once the message goes on with what is known, and the log says why."""
    bus = MemoryBus()
    assert deliver(without_photo(), bus, LookUps(failure=failure)).status == 200
    assert [(message.image_urls, message.summoned) for message in bus.messages] == [([], True)]
    assert str(failure) in [vars(record).get("reason") for record in caplog.records]


def test_the_webhook_never_waits_for_x() -> None:
    """While X is away it answers 200, and nothing is lost."""
    bus = MemoryBus()
    with pytest.raises(Temporary):
        deliver(without_photo(), bus, LookUps(failure=XUnavailable("down")))
    assert bus.kinds == ["TWITTER_TWEETED", "POST_INCOMPLETE"]


@pytest.mark.parametrize(
    ("age", "wait", "again"),
    [
        (0.0, None, RETRY_AFTER),
        (100.0, None, RETRY_AFTER),
        (MAX_WAIT - 5, None, 5.0),
        (0.0, 60.0, 60.0),
        (0.0, 900.0, None),
        (MAX_WAIT + 1, None, None),
        (-3600.0, None, None),
    ],
)
def test_x_away_delays_a_message_for_minutes_at_most(age: float, wait: float | None, again: float | None) -> None:
    """Tried again until then; X's own later time, a passed one and a clock that jumped are not waited for."""
    bus = MemoryBus()
    deliver(without_photo(), bus)
    event = happened(gaps(bus), age)
    x = LookUps(failure=XUnavailable("down", retry_at=None if wait is None else time.time() + wait))
    if again is None:
        complete_post(event, x=x, publisher=bus)
        assert [message.author for message in bus.messages] == ["2222222222222222222"]
        return
    with pytest.raises(Temporary, match="down") as put_off:
        complete_post(event, x=x, publisher=bus)
    assert put_off.value.retry_at == pytest.approx(time.time() + again, abs=2)
    assert not bus.messages
    x.failure = None
    x._answers = {"2080765813578191404": photo_answer(sample("x_activity/post.mention.create.photo"), PHOTO)}
    complete_post(event, x=x, publisher=bus)
    assert bus.messages[0].image_urls == [PHOTO]


@pytest.mark.parametrize(
    "change", [{"id": "1"}, {"author_id": "1"}, {"id": None}, {"author_id": []}], ids=["post", "author", "none", "list"]
)
def test_an_answer_about_another_post_is_not_believed(change: Json) -> None:
    """The message goes on with what the webhook said."""
    bus = MemoryBus()
    deliver(without_photo(), bus)
    answer = photo_answer(sample("x_activity/post.mention.create.photo"), PHOTO)
    answer["data"] |= change
    x = LookUps()
    x._answers = {"2080765813578191404": answer}
    complete_post(happened(gaps(bus)), x=x, publisher=bus)
    assert [(message.author, message.image_urls) for message in bus.messages] == [("2222222222222222222", [])]


def test_two_events_with_gaps_are_one_message() -> None:
    """The second, which knows that the post summons, is looked up, too; the message is published once."""
    quote = sample("x_activity/post.quote.create")
    quote["data"]["includes"] = {}
    first = copy.deepcopy(quote)
    first["data"]["event_type"] = "post.reply.create"
    bus, x = MemoryBus(), LookUps(failure=XRefused("no", reason="forbidden", status=403))
    deliver(first, bus, x)
    deliver(quote, bus, x)
    assert [(message.summoned, message.completes) for message in bus.messages] == [(False, []), (True, ["Summoned"])]


# A cut text.


def test_a_cut_text_is_looked_up() -> None:
    """`truncated` without `extended_tweet`: the whole text and the mentions in its rest come from X."""
    body = sample("account_activity/tweet_create_events.truncated")
    tweet = body["tweet_create_events"][0]
    whole = tweet.pop("extended_tweet")["full_text"].removesuffix(" https://t.co/Abc123")
    tweet["entities"]["user_mentions"] = []
    tweet["in_reply_to_user_id_str"] = BOT
    post = {"id": tweet["id_str"], "author_id": tweet["user"]["id_str"], "text": "so long…"}
    mentions = [{"start": 0, "end": 11, "username": "ExampleBot", "id": BOT}]
    post["note_tweet"] = {"text": whole, "entities": {"mentions": mentions}}
    bus = MemoryBus()
    deliver(body, bus, LookUps({"data": post, "includes": {"users": []}}))
    assert gaps(bus)["Missing"] == ["Summoned", "Text"]
    assert "t.co" not in gaps(bus)["Text"]
    assert [(each.text, each.summoned, each.author) for each in bus.messages] == [(whole, True, "ada_example")]


def test_without_an_answer_a_cut_text_has_no_link_of_x() -> None:
    bus, body = MemoryBus(), sample("account_activity/tweet_create_events.truncated")
    del body["tweet_create_events"][0]["extended_tweet"]
    deliver(body, bus, LookUps(failure=XRefused("no", reason="forbidden", status=403)))
    assert bus.messages[0].text.endswith("a long story t…")
    assert bus.messages[0].summoned


# Fields.


def only_message(body: Json) -> MessageReceived:
    bus = MemoryBus()
    deliver(body, bus)
    (message,) = bus.messages
    return message


def v2(payload: Json, user: Json | None = None) -> Json:
    body = sample("x_activity/post.mention.create")
    body["data"]["payload"] |= payload
    body["data"]["includes"]["users"][0] |= user or {}
    return body


def v1(tweet: Json, user: Json | None = None) -> Json:
    body = sample("account_activity/tweet_create_events.mention")
    body["tweet_create_events"][0] |= tweet
    body["tweet_create_events"][0]["user"] |= user or {}
    return body


V1_ID, V2_ID = "2080765813578191303", "2080765813578191303"


@pytest.mark.parametrize(
    ("body", "first"),
    [
        (v2({"edit_history_tweet_ids": ["77", V2_ID]}), "77"),
        (v2({"edit_history_tweet_ids": ["77", "78", V2_ID]}), "77"),
        (v2({"edit_history_tweet_ids": [V2_ID, "78", "77"]}), "77"),
        (v2({"edit_history_tweet_ids": [77, V2_ID]}), "77"),
        (v2({"edit_history_tweet_ids": [V2_ID]}), None),
        (v2({"edit_history_tweet_ids": []}), None),
        (v2({"edit_history_tweet_ids": [None, {}, [], "x", "7/../8", -1, 1.5, True, "9" * 30]}), None),
        (v2({"edit_history_tweet_ids": "77"}), None),
        (v1({"edit_history": {"initial_tweet_id": "77", "edit_tweet_ids": ["77", V1_ID]}}), "77"),
        (v1({"edit_history": {"edit_tweet_ids": ["77", V1_ID]}}), "77"),
        (v1({"edit_history": {"initial_tweet_id": 77}}), "77"),
        (v1({"edit_history_tweet_ids": ["77", V1_ID]}), "77"),
        (v2({"edit_history": {"edit_tweet_ids": ["77", V2_ID]}}), "77"),
        (v1({"edit_history": {"edit_tweet_ids": [V1_ID]}}), None),
        (v1({"edit_history": {"edit_tweet_ids": {"a": 1}, "initial_tweet_id": []}}), None),
        (v1({"edit_history": [77]}), None),
    ],
)
def test_an_edit_names_its_first_version(body: Json, first: str | None) -> None:
    """In both generations. X counts ids up, so the smallest is the first; what is no id is none."""
    message = only_message(body)
    assert message.twitter.first_tweet_id == first
    assert message.twitter.chain == (first or message.twitter.tweet_id)


def test_each_version_of_a_post_is_a_message() -> None:
    """An edit is analysed, too; that the chain is answered once is egress' part."""
    bus = MemoryBus()
    deliver(v2({}), bus)
    deliver(v2({"id": "2080765813578191999", "edit_history_tweet_ids": [V2_ID, "2080765813578191999"]}), bus)
    assert [message.twitter.chain for message in bus.messages] == [V2_ID, V2_ID]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (v2({}), "post"),
        (v2({"in_reply_to_tweet_id": "5"}), "reply"),
        (v2({"referenced_tweets": [{"type": "replied_to", "id": "5"}, {"type": "quoted", "id": "6"}]}), "reply"),
        (v2({"referenced_tweets": [{"type": "quoted", "id": "6"}]}), "quote"),
        (v1({}), "post"),
        (v1({"in_reply_to_status_id_str": "5"}), "reply"),
        # A post that begins with a name is a reply to its owner, but to no post.
        (v1({"in_reply_to_user_id_str": BOT}), "post"),
        (v1({"quoted_status_id_str": "6"}), "quote"),
    ],
)
def test_a_message_says_what_kind_of_post_it_is(body: Json, kind: str) -> None:
    assert only_message(body).kind == kind


NOW = datetime.datetime.now(datetime.UTC)
TEN_DAYS_AGO = NOW - datetime.timedelta(days=10, hours=1)


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        (
            v2({}, {"created_at": TEN_DAYS_AGO.isoformat(), "public_metrics": {"followers_count": 97}}),
            (97, False, 10),
        ),
        (v2({}, {"verified": False, "verified_type": "blue", "created_at": "x"}), (97, True, None)),
        (v2({}, {"verified": True, "verified_type": "none", "created_at": None}), (97, True, None)),
        (v2({}, {"verified": "yes", "public_metrics": [], "created_at": "2999-01-01T00:00:00Z"}), (None, None, 0)),
        (
            v1(
                {}, {"followers_count": 0, "verified": True, "created_at": f"{TEN_DAYS_AGO:%a %b %d %H:%M:%S +0000 %Y}"}
            ),
            (0, True, 10),
        ),
        (v1({}, {"followers_count": -1, "verified": None, "created_at": 5}), (None, None, None)),
        (v1({}, {"followers_count": 10**30, "verified": [], "created_at": "Wed Oct 10"}), (None, None, None)),
        (v1({}, {"followers_count": True, "verified": 1, "created_at": "0001-01-01"}), (None, None, None)),
    ],
)
def test_a_message_says_who_its_author_is(body: Json, facts: tuple[int | None, bool | None, int | None]) -> None:
    """Followers, check mark and age, from both generations; what X does not say is left out."""
    message = only_message(body)
    assert (message.followers, message.verified, message.account_age_days) == facts


@pytest.mark.parametrize(
    ("text", "text_range", "typed"),
    [
        ("Some context. https://t.co/xxxxxxxx", [0, 13], "Some context."),
        ("Some context. https://t.co/xxxxxxxx https://t.co/yyyyyyyy", [0, 13], "Some context."),
        ("Some context. https://t.co/xxxxxxxx", [0, 35], "Some context. https://t.co/xxxxxxxx"),
        ("A &amp; B https://t.co/xxxxxxxx", [0, 9], "A & B"),
        # A range that is not that of this text costs none of its words.
        ("Some context and more words", [0, 13], "Some context and more words"),
        ("Some context. https://t.co/xxxxxxxx", [0, 5], "Some context. https://t.co/xxxxxxxx"),
        ("Some context", [0, 10**30], "Some context"),
        ("Some context", [5, 3], "Some context"),
        ("Some context", [[], {}], "Some context"),
        ("Some context", [0, -5], "Some context"),
    ],
)
@pytest.mark.parametrize("generation", [v1, v2])
def test_links_that_x_appended_are_no_words(generation: Any, text: str, text_range: list[Any], typed: str) -> None:
    """What lies behind the shown text and is nothing but links was not typed."""
    links = [{"url": url, "expanded_url": "https://x.com/a/status/1"} for url in text.split() if "t.co" in url]
    mentions = [{"id": BOT, "start": 0, "indices": [0, 5]}]
    entities = {"urls": links, "mentions": mentions, "user_mentions": mentions}
    body = generation({"text": text, "display_text_range": text_range, "entities": entities})
    assert only_message(body).text == typed


def test_a_mention_without_an_id_is_known_by_its_name() -> None:
    """Where the payload names the bot elsewhere; else X is asked, and the post is no less than that."""
    nameless = [{"start": 4, "end": 16, "username": "exampleuser"}]
    body = v2({"entities": {"mentions": nameless}})
    body["data"]["event_type"] = "post.reply.create"
    assert only_message(body).summoned
    body["data"]["includes"]["users"] = body["data"]["includes"]["users"][:1]
    bus = MemoryBus()
    deliver(body, bus)
    assert gaps(bus)["Missing"] == ["Summoned"]
    classic = v1({"entities": {"user_mentions": [{"screen_name": "ExampleBot", "indices": [0, 11]}]}})
    bus = MemoryBus()
    deliver(classic, bus)
    assert gaps(bus)["Missing"] == ["Summoned"]
    classic["tweet_create_events"][0] |= {"in_reply_to_user_id_str": BOT, "in_reply_to_screen_name": "examplebot"}
    assert only_message(classic).summoned


@pytest.mark.parametrize(
    ("text", "summoned"),
    [("@exampleuser hi", True), ("hi (@ExampleUser)", True), ("@ExampleUser2 hi", False), ("me@exampleuser", False)],
)
def test_without_entities_the_text_is_read(text: str, summoned: bool) -> None:
    """The bot's name as X's own rule finds it."""
    body = v2({"text": text})
    del body["data"]["payload"]["entities"]
    body["data"]["event_type"] = "post.reply.create"
    assert only_message(body).summoned is summoned


@pytest.mark.parametrize("character", ["\U0001f600", "\x01"])
def test_no_message_is_larger_than_the_workflow_takes(character: str) -> None:
    """256 KiB of state; the raw event has everything."""
    body = v2({"text": character * 150_000})
    bus = MemoryBus()
    deliver(msgspec.json.encode(body), bus)
    raw, message = bus.entries
    assert len(msgspec.json.encode(message.detail)) < 256 * 1024
    assert raw.detail == body
