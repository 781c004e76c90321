"""`twbot replies`: in force from the next reply on, and nothing is lost by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.operate import Operate
from tests.support.world import World
from twbot.cli.main import run


@pytest.fixture(autouse=True)
def replying(operate: Operate) -> Iterator[None]:
    """Other tests' people want replies."""
    yield
    operate("replies", "resume")
    operate("replies", "limit", "--none")


def test_paused_nobody_is_answered_and_later_everybody_once(world: World, operate: Operate) -> None:
    """What was withheld is on the bus with its text and in the trace; a replay answers it, once."""
    assert operate("replies", "pause", "--reason", "odd").code == 0
    post, replies = world.ask("pia", "@twbot are you there?")
    assert replies == []
    (withheld,) = world.events(post, "TWEET_WITHHELD")
    assert (withheld["Reason"], withheld["Text"]) == ("paused", "You said: are you there?")
    assert "paused: odd" in operate("trace", post["id"]).out
    status = operate("replies", "status", "--json").json
    assert (status["replying"], status["reason"]) == (False, "odd")
    resumed = operate("replies", "resume")
    assert f"twbot replay --since {status['since']} --type SEND_TWEET --with-replies" in resumed.err
    for _ in range(2):
        again = ("--since", status["since"], "--type", "MESSAGE_RECEIVED", "--with-replies", "--yes", "--rate", "1000")
        assert operate("replay", *again).code == 0
        world.settle()
        assert [each["text"] for each in world.replies(post)] == ["You said: are you there?"]


def test_send_does_not_wait_for_a_reply_that_is_withheld(world: World, operate: Operate) -> None:
    """It says why there is none, and what to type for this very bot."""
    operate("replies", "pause", "--reason", "odd")
    ended = operate("send", "are you there?", "--as", "sam", "--timeout", "60")
    assert ended.code == 1
    assert "paused: odd" in ended.err
    assert f"twbot replies status --data {world.home.folder}" in ended.err


def test_looking_makes_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Before the first start nobody is withheld, and no file says so."""
    folder = tmp_path / "none"
    assert run(["replies", "status", "--data", str(folder), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["replying"] is True
    assert run(["replies", "optout", "list", "--data", str(folder)]) == 0
    assert not folder.exists()


def test_withheld_again_while_replayed(world: World, operate: Operate) -> None:
    """Each replay that is withheld says so of itself; the last one still answers."""
    operate("replies", "pause")
    post, _ = world.ask("quin", "@twbot hello?")
    since = operate("replies", "status", "--json").json["since"]
    again = ("replay", "--since", since, "--type", "SEND_TWEET", "--with-replies", "--yes", "--rate", "1000")
    assert operate(*again).code == 0
    world.settle()
    assert len(world.events(post, "TWEET_WITHHELD")) == 2
    operate("replies", "resume")
    operate(*again)
    world.settle()
    assert len(world.replies(post)) == 1


def test_a_person_who_opted_out(world: World, operate: Operate) -> None:
    """Is not answered until taken off the list, which takes the id of one who is on it."""
    post, replies = world.ask("rex", "@twbot first")
    assert len(replies) == 1
    user = world.events(post, "SEND_TWEET")[0]["ReplyToUserId"]
    assert operate("replies", "optout", "add", user).code == 0
    assert world.ask("rex", "@twbot second")[1] == []
    assert user in operate("replies", "optout", "list", "--json").json
    assert operate("replies", "optout", "remove", user, "--dry-run").code == 0
    assert world.ask("rex", "@twbot third")[1] == []
    assert operate("replies", "optout", "remove", user).code == 0
    assert len(world.ask("rex", "@twbot fourth")[1]) == 1
    assert operate("replies", "optout", "remove", user).code == 4
    assert operate("replies", "optout", "add", "rex").code == 2


def test_a_limit_for_each_person(world: World, operate: Operate) -> None:
    """The one who asks too much waits; others don't."""
    assert operate("replies", "limit", "--per-person", "1").code == 0
    asked = [world.ask("sue", f"@twbot question {number}") for number in range(3)]
    other = world.ask("tom", "@twbot and I?")
    assert 1 <= sum(len(replies) for _, replies in asked) <= 2  # an hour may end in between
    assert len(other[1]) == 1
    assert operate("replies", "limit").code == 2
    assert operate("replies", "limit", "--none", "--json").json["per_person"] is None
