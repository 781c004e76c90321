"""Through the front door: people post on X, and the rules of the bot's folder do their work."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.loopback import Answer, Loopback, answering
from tests.support.world import World, running_world
from twbot.lambdas.own.forward import new_secret
from twbot.lambdas.replays import ReplayRequest
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder
from twbot.local.server.log_files import lines_of
from twbot.local.server.log_writer import logging_to

TOML = """
[[rules]]
name = "tickets"
when = {{ detail = {{ Text = [{{ wildcard = "*ticket*" }}] }} }}
run = "bot.code:ticket"
secrets = ["TOKEN"]

[[steps]]
name = "Shouting"
of = "text"
run = "bot.code:shouting"

[[steps]]
name = "Lost"
of = "text"
run = "bot.code:lost"

[[rules]]
name = "loud"
when = {{ detail = {{ Analysis = {{ Own = {{ Shouting = {{ Score = [{{ numeric = [">", 0.5] }}] }} }} }} }} }}
run = "bot.code:loud"

[[rules]]
name = "follow-up"
when = {{ detail-type = ["TICKET_OPENED"] }}
run = "bot.code:follow_up"

[[rules]]
name = "broken"
when = {{ detail = {{ Text = [{{ wildcard = "*broken*" }}] }} }}
run = "bot.code:broken"

[[rules]]
name = "hangs"
when = {{ detail = {{ Text = [{{ wildcard = "*hang*" }}] }} }}
run = "bot.code:hang"
timeout = 1

[[rules]]
name = "refused"
when = {{ detail = {{ Text = [{{ wildcard = "*refused*" }}] }} }}
run = "bot.code:refused"

[[rules]]
name = "desk"
when = {{ detail = {{ Text = [{{ wildcard = "*desk*" }}] }} }}
to = "{desk}/hook"
secrets = ["DESK"]

[[rules]]
name = "elsewhere"
when = {{ detail = {{ Text = [{{ wildcard = "*elsewhere*" }}] }} }}
to = "arn:aws:sqs:eu-west-1:1:q"
"""
CODE = """
import os, pathlib, time
from twbot.bot import Permanent

pathlib.Path(__file__).with_name(f"{os.getpid()}.process").touch()

def ticket(event, bot):
    tweet = event.detail["Twitter"]["TweetId"]
    bot.log.info("a ticket with %s", bot.secret("TOKEN"))
    bot.publish("TICKET_OPENED", {"Tweet": tweet, "Twitter": event.detail["Twitter"]}, once=tweet)
    bot.reply(event, "We have opened a ticket.")
def follow_up(event, bot): print("ticket of", event.detail["Tweet"])
def shouting(event, bot):
    text = event.detail["Text"]
    return {"Score": sum(each.isupper() for each in text) / len(text)}
def loud(event, bot): print("loud")
def lost(event, bot): raise ValueError("our API is down")
def broken(event, bot):
    if bot.add("broken", 1) == 1: raise ValueError("our API is down")
    print("well again")
def hang(event, bot):
    if bot.add("hung", 1) > 1: return print("well again")
    bot.log.info("hanging")
    time.sleep(600)
def refused(event, bot): raise Permanent("no such customer")
"""


class Own:
    def __init__(self, world: World, desk: Loopback) -> None:
        self.world, self.desk = world, desk

    def lines(self, post: dict[str, Any]) -> list[dict[str, Any]]:
        found = lines_of(self.world.home.log, post["id"])
        return [each for each in found if each["logger"] == "twbot.own"]

    def lines_of_rules(self, post: dict[str, Any]) -> list[dict[str, Any]]:
        return [each for each in self.lines(post) if each["rule"] != "Lost"]

    def dead(self, rule: str) -> list[str | None]:
        with History(self.world.home.bus) as history:
            return [each.error for each in history.dead_letters(rule=rule)]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    folder, data = tmp_path_factory.mktemp("folder"), tmp_path_factory.mktemp("data")
    (folder / "bot").mkdir()
    (folder / "bot" / "code.py").write_text(CODE)
    with answering(Answer(204)) as desk, pytest.MonkeyPatch.context() as patch:
        (folder / "twbot.toml").write_text(TOML.format(desk=desk.url))
        patch.setenv("TWBOT_PROJECT", str(folder))
        with logging_to(DataFolder(data).log), running_world(data) as world:
            bot = world.system.bot
            bot.own_secrets.put("TOKEN", "tok-0123456789")
            bot.own_secrets.put("DESK", new_secret())
            yield Own(world, desk)
        started = [int(each.stem) for each in folder.glob("bot/*.process")]
        assert started
        for each in started:
            with pytest.raises(ProcessLookupError):
                os.kill(each, 0)


def test_a_rule_replies_and_publishes(own: Own) -> None:
    """Its function's own event reaches the next rule; its reply is the post's one reply."""
    post, replies = own.world.ask("ada", "@twbot a ticket, please")
    assert len(replies) == 1
    assert [each["Tweet"] for each in own.world.events(post, "TICKET_OPENED")] == [post["id"]]
    assert [(each["rule"], each["message"]) for each in own.lines_of_rules(post)] == [
        ("tickets", "a ticket with ***"),
        ("follow-up", f"ticket of {post['id']}"),
    ]


def test_a_replay_does_not_reach_own_rules(own: Own) -> None:
    """Neither what it delivers nor what it causes: a ticket is opened once."""
    post, _ = own.world.ask("bea", "@twbot one ticket only")
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    bot = own.world.system.bot
    replay = bot._replays.start(ReplayRequest(since=since, until=until, rate=None))
    wait_for(lambda: (found := bot._replays.kept.named(replay.name)) is not None and found.state == "done")
    own.world.settle()
    assert len(own.world.events(post, "MESSAGE_RECEIVED", replayed=True)) == 2
    assert len([each for each in own.lines_of_rules(post) if each["rule"] == "tickets"]) == 1


def test_a_function_that_refuses_makes_a_dead_letter_at_once(own: Own) -> None:
    own.world.ask("cat", "@twbot this is refused")
    assert own.dead("refused") == ["Permanent: no such customer"]


def test_a_function_that_fails_is_tried_again_and_its_traceback_is_in_the_log(own: Own) -> None:
    """Under the post's id, with the rule's name."""
    post, _ = own.world.ask("dan", "@twbot this is broken")
    failed, again = own.lines_of_rules(post)
    assert (failed["rule"], failed["tweet"], failed["level"]) == ("broken", post["id"], "ERROR")
    assert 'raise ValueError("our API is down")' in failed["traceback"]
    assert again["message"] == "well again"


def test_a_function_that_hangs_delays_no_other_rule(own: Own) -> None:
    """It is ended at its time limit, and tried again; a ticket of the same post is opened meanwhile."""
    post, replies = own.world.ask("hal", "@twbot a ticket: you hang")
    lines = own.lines_of_rules(post)
    said = [each["message"] for each in lines]
    failed = next(each for each in lines if each["level"] == "ERROR")
    assert failed["message"] == "bot.code:hang did not return within 1 s."
    assert "in hang" in failed["traceback"]
    assert said.index("a ticket with ***") < said.index(failed["message"]) < said.index("well again")
    assert len(replies) == 1


def test_a_step_answers_within_the_analysis(own: Own) -> None:
    """Rules match it; one that fails costs its own answer, and the log says why."""
    post, _ = own.world.ask("fay", "@twbot SO LOUD AND SO CLEAR")
    (analysed,) = own.world.events(post, "MESSAGE_ANALYSED")
    assert analysed["Analysis"]["Own"]["Shouting"]["Score"] > 0.5
    assert "Lost" not in analysed["Analysis"]["Own"]
    lines = own.lines(post)
    assert [each["message"] for each in lines if each["rule"] == "loud"] == ["loud"]
    assert {each["message"] for each in lines if each["rule"] == "Lost"} == {
        "bot.code:lost: ValueError: our API is down"
    }


def test_an_event_goes_to_an_address(own: Own) -> None:
    """Signed, with the analysed message; what is on AWS is left out, and the log says so."""
    post, _ = own.world.ask("eve", "@twbot to the desk, and elsewhere")
    (asked,) = own.desk.asked
    assert asked.json["detail"]["Twitter"]["TweetId"] == post["id"]
    assert {name.lower() for name in asked.headers} >= {"webhook-id", "webhook-timestamp", "webhook-signature"}
    assert [(each["rule"], each["level"]) for each in own.lines_of_rules(post)] == [("elsewhere", "WARNING")]


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)
