"""Through the front door: people post on X, and the bot answers there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.support.world import World, running_world


def picture(colour: str = "teal") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize("generation", ["v1.1", "x-activity"])
def test_whoever_summons_the_bot_gets_one_reply(world: World, generation: str) -> None:
    """In either generation of X's payloads."""
    _, replies = world.ask("ada", f"@twbot good morning in {generation}", generation=generation)
    assert [reply["text"] for reply in replies] == [f"You said: good morning in {generation}"]


def test_a_post_in_every_wrapping_is_answered_once(world: World) -> None:
    """Account Activity and X Activity both deliver it, and X delivers both again: one message, one reply."""
    post, _ = world.ask("ben", "@twbot once, please")
    world.x.resend(post["id"])
    world.settle()
    assert len(world.replies(post)) == 1
    assert len(world.events(post, "MESSAGE_RECEIVED")) == 1
    assert len(world.x.deliveries(post["id"])) >= 4


def test_a_forged_post_is_turned_away(world: World) -> None:
    """A wrong signature: 403, and not a trace of it on the bus."""
    post = world.x.forge("eve", "@twbot trust me")
    world.settle()
    assert post["status"] == 403
    assert world.events(post, "MESSAGE_RECEIVED") == []
    assert world.replies(post) == []


def test_the_bots_own_posts_and_reposts_are_left_alone(world: World) -> None:
    """Or it would talk to itself for ever."""
    own, _ = world.ask("twbot", "I am awake")
    repost, replies = world.ask("cleo", "", repost=own["id"])
    assert replies == []
    assert world.events(own, "MESSAGE_RECEIVED") == []
    assert world.events(repost, "MESSAGE_RECEIVED") == []


@pytest.mark.parametrize("generation", ["v1.1", "x-activity"])
def test_who_does_not_summon_is_understood_but_not_answered(world: World, generation: str) -> None:
    """X would refuse the reply; what is said can still raise an alert."""
    own = world.x.post("twbot", f"Good evening to {generation}")
    post, replies = world.ask("dan", f"so angry about {generation}", reply_to=own["id"], generation=generation)
    assert replies == []
    assert [message["Summoned"] for message in world.events(post, "MESSAGE_ANALYSED")] == [False]
    assert post["id"] in {alert.tweet_id for alert in world.system.bot.alerts.newest()}


def test_a_quote_summons(world: World) -> None:
    """X lets the bot answer whoever quotes it."""
    own = world.x.post("twbot", "Quote me")
    _, replies = world.ask("fay", "what a thing to say", quote=own["id"])
    assert len(replies) == 1


@pytest.mark.parametrize("generation", ["v1.1", "x-activity"])
def test_every_picture_comes_back(world: World, generation: str) -> None:
    """Up to four, each with alternative text, though X Activity's payload carries none of them."""
    images = [picture(colour) for colour in ("red", "green", "blue", "white")]
    _, replies = world.ask("gus", f"@twbot who is here? {generation}", images=images, generation=generation)
    assert len(replies) == 1
    assert len(replies[0]["media"]) == 4
    assert all(media["alt_text"] for media in replies[0]["media"])
    sent = Image.open(io.BytesIO(world.x.media(replies[0]["media"][0]["url"])))
    assert sent.format == "JPEG"


@pytest.mark.parametrize("kind", ["error", "unavailable", "lost_answer"])
def test_what_passes_is_tried_again_and_posted_once(world: World, kind: str) -> None:
    """X down, or its answer lost after the reply was taken: one reply stands in the end."""
    world.x.fail(kind)
    post, replies = world.ask("hal", f"@twbot through {kind}")
    assert len(replies) == 1
    assert len(world.events(post, "TWEET_SENT")) == 1


@pytest.fixture
def own_world(tmp_path: Path) -> Iterator[World]:
    """A bot that no other test asks how it does: what X refuses for good shows for an hour."""
    with running_world(tmp_path) as running:
        yield running


@pytest.mark.parametrize(("kind", "reason"), [("credits", "no-credits"), ("cap", "cap-reached")])
def test_what_does_not_pass_is_told(own_world: World, kind: str, reason: str) -> None:
    """TWEET_FAILED says why; the post is not tried again, until a replay that may reply."""
    own_world.x.fail(kind)
    post, replies = own_world.ask("ida", f"@twbot despite {kind}")
    assert replies == []
    assert [failed["Reason"] for failed in own_world.events(post, "TWEET_FAILED")] == [reason]
    replay(own_world, post, f"with-replies-{kind}")
    assert len(own_world.replies(post)) == 1


def test_a_replay_never_tweets(world: World) -> None:
    """Neither to who has a reply already, nor to anybody else."""
    post, replies = world.ask("jon", "@twbot and again")
    replay(world, post, "last-week")
    replay(world, post, "with-replies-all")
    assert world.replies(post) == replies
    analysed = world.events(post, "MESSAGE_ANALYSED")
    assert [message.get("ReplayName") for message in analysed] == [None, "last-week", "with-replies-all"]


def replay(world: World, post: dict[str, str], name: str) -> None:
    from twbot.local.bus.history import History

    with History(world.home.bus) as history:
        events = list(history.events(detail_type="MESSAGE_RECEIVED", tweet_id=post["id"]))
    assert world.system.bot.bus.republish(events, name)
    world.settle()


def test_the_lake_has_it_all(world: World) -> None:
    """Every event can be asked for with SQL as soon as the bot has come to rest."""
    post, _ = world.ask("kim", "@twbot for the record")
    sql = 'SELECT "detail-type" FROM "analysed-messages-table" WHERE detail.twitter.tweetid = ? ORDER BY 1'
    assert world.system.bot.lake.query(sql, [post["id"]]).rows == [["MESSAGE_ANALYSED"], ["MESSAGE_RECEIVED"]]


@pytest.mark.parametrize("generation", ["v1.1", "x-activity"])
def test_whoever_says_stop_is_left_alone(world: World, generation: str) -> None:
    """They are told once, then there is silence; and they can come back. They need not summon the bot for it."""
    person = f"quit_{generation.replace('.', '').replace('-', '')[:8]}"
    _, replies = world.ask(person, "@twbot please stop replying to me", generation=generation)
    assert [reply["text"].startswith(f"{person}: I won't reply") for reply in replies] == [True]
    for text in ("@twbot stop", "@twbot hello"):
        again, replies = world.ask(person, text, generation=generation)
        assert replies == []
    assert [event["Reason"] for event in world.events(again, "TWEET_WITHHELD")] == ["opted-out"]
    _, replies = world.ask(person, "@twbot start", generation=generation)
    assert len(replies) == 1
    world.ask(person, "stop", reply_to=replies[0]["id"], generation=generation)
    _, replies = world.ask(person, "@twbot hello again", generation=generation)
    assert replies == []


def test_two_bots_that_answer_each_other_stop(own_world: World) -> None:
    """A bot replies to whatever our bot says, and mentions it: after twenty replies in the hour there is silence."""
    _, replies = own_world.ask("echo_bot", "@twbot ping")
    count = 0
    while replies:
        count += len(replies)
        assert count <= 40  # the hour of the clock may change once
        _, replies = own_world.ask("echo_bot", f"@twbot ping {count}", reply_to=replies[0]["id"])
    assert count >= 20
