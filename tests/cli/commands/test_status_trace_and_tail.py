"""`twbot status`, `trace` and `tail`."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.support.operate import Operate
from tests.support.terminal import on_terminal
from tests.support.world import World
from twbot.cli.main import run


def at(world: World) -> list[str]:
    return ["--data", str(world.home.folder)]


def test_status_of_a_running_bot(world: World, operate: Operate) -> None:
    """What X thinks of the webhook, and what the last hour brought."""
    world.ask("ann", "@twbot hello")
    found = operate("status", "--json").json
    assert found["running"] is True
    assert found["x"] == found["x"] | {"valid": True, "generation": "Account Activity and X Activity", "ends": None}
    assert found["last_hour"]["messages"] >= 1
    assert found["last_hour"]["replies"] >= 1
    assert found["last_hour"]["reply_seconds"]["median"] > 0
    screen = on_terminal("status", *at(world))
    assert "webhook valid" in screen
    assert "█" in screen


def test_status_of_a_bot_that_is_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so, and is an answer, not a failure."""
    assert run(["status", "--data", str(tmp_path)]) == 0
    assert "twbot up" in capsys.readouterr().out


def test_trace_follows_a_post_to_its_reply(world: World, operate: Operate) -> None:
    """Events, what each rule did, the workflow's steps, and the reply's id."""
    post, replies = world.ask("bea", "@twbot hello there")
    found = operate("trace", post["id"], "--json").json
    assert (found["outcome"], found["reply_id"], found["author"]) == ("replied", replies[0]["id"], "bea")
    kinds = {each["kind"] for each in found["moments"]}
    assert kinds >= {"event", "delivery"}
    drawn = on_terminal("trace", post["id"], *at(world))
    assert "●" in drawn
    assert "replied: " in drawn


def test_trace_clips_a_long_text(world: World, operate: Operate) -> None:
    """X takes 25,000 characters, with line ends: they are one line of 300 here, and whole in the JSON."""
    text = "@twbot " + "so much to say\n" * 300
    post, _ = world.ask("gil", text)
    found = operate("trace", post["id"], "--json").json
    assert len(found["text"]) > 4000
    screen = on_terminal("trace", post["id"], *at(world))
    assert screen.count("so much to say") <= 300 // len("so much to say") + 1
    assert "…" in screen


def test_trace_shows_the_workflows_steps(world: World, operate: Operate) -> None:
    """From the log: with retries and what went wrong."""
    post, _ = world.ask("fay", "@twbot steps")
    start = time.time()
    steps = [
        ["Analyse[0].DetectSentiment", "Task", start, start + 0.5, 3, None],
        ["IsReplay", "Choice", start, start, 1, "Bad"],
    ]
    line = {"logger": "twbot.analysis", "message": "analysed", "correlation_id": post["id"], "steps": steps}
    with world.home.log.open("a") as file:
        file.write(json.dumps(line | {"timestamp": "2026-11-01T10:00:00.000Z", "level": "INFO"}) + "\n")
    found = operate("trace", post["id"], "--json").json["moments"]
    shown = {each["name"]: (each["attempts"], each["error"]) for each in found if each["kind"] == "step"}
    assert shown == {"Analyse[0].DetectSentiment": (3, None), "IsReplay": (1, "Bad")}
    assert "DetectSentiment ×3" in operate("trace", post["id"]).out
    assert "DetectSentiment" not in operate("trace", post["id"], "--no-steps").out


def test_trace_shows_one_life_of_a_post(world: World, operate: Operate) -> None:
    """The first; what a replay made of it where that is asked for. Programs get all, each with its replay's name."""
    post, _ = world.ask("ike", "@twbot once")
    before = on_terminal("trace", post["id"], *at(world)).splitlines()
    replayed = operate("replay", "--since", "5s", "--type", "MESSAGE_RECEIVED", "--rate", "1000", "--json").json
    name = replayed["replay"]["name"]
    world.settle()
    after = on_terminal("trace", post["id"], *at(world)).splitlines()
    other_life = f"  twbot trace {post['id']} --replay {name} {' '.join(at(world))}"
    assert after == [*before[:-1], "Replayed once:", other_life, before[-1]]
    again = on_terminal("trace", post["id"], "--replay", name, *at(world))
    assert "TWITTER_TWEETED" not in again
    assert f"The first life: twbot trace {post['id']}" in again
    moments = operate("trace", post["id"], "--json").json["moments"]
    assert {each["replay"] for each in moments} == {None, name}
    assert {each["replay"] for each in operate("trace", post["id"], "--replay", name, "--json").json["moments"]} == {
        name
    }
    assert operate("trace", post["id"], "--replay", "other").code == 4


def test_trace_leaves_out_what_took_no_time(world: World, operate: Operate) -> None:
    """Unless it is asked for every step."""
    post, _ = world.ask("jo", "@twbot steps")
    start = time.time()
    steps = [
        ["Analyse[0].DetectSentiment", "Task", start, start + 0.5, 1, None],
        ["IsReplay", "Choice", start, start + 0.2, 1, None],
        ["Quick", "Task", start, start + 0.0001, 1, None],
        ["QuickAndTriedAgain", "Task", start, start + 0.0001, 2, None],
    ]
    line = {"logger": "twbot.analysis", "message": "analysed", "correlation_id": post["id"], "steps": steps}
    with world.home.log.open("a") as file:
        file.write(json.dumps(line | {"timestamp": "2026-11-01T10:00:00.000Z", "level": "INFO"}) + "\n")
    shown = on_terminal("trace", post["id"], *at(world), width=40)
    assert "500 ms" in shown
    assert [name in shown for name in ("DetectSentiment", "IsReplay", "Quick\n", "QuickAndTriedAgain")] == [
        *(True, False, False, True)
    ]
    assert "IsReplay" in on_terminal("trace", post["id"], "--steps", *at(world))


def test_trace_waits_for_the_end(world: World, operate: Operate) -> None:
    """With --watch, which ends as the post does; a line of JSON for each look."""
    post, replies = world.ask("kim", "@twbot wait")
    (line,) = operate("trace", post["id"], "--watch", "--json").lines
    assert line["reply_id"] == replies[0]["id"]


def test_trace_shows_the_alert(world: World, operate: Operate) -> None:
    """Of an angry post."""
    post, _ = world.ask("cal", "@twbot I am angry")
    found = operate("trace", post["id"], "--json").json
    assert "alert" in {each["kind"] for each in found["moments"]}


def test_trace_says_why_there_is_no_reply(world: World, operate: Operate) -> None:
    """Where it stopped, and why."""
    own = world.x.post("twbot", "a post of my own")
    answer = world.x.post("dee", "just saying", reply_to=own["id"])
    world.settle()
    found = operate("trace", answer["id"], "--json").json
    assert found["reply_id"] is None
    assert found["outcome"] == "nothing-to-do"


def test_trace_of_an_unknown_post(operate: Operate) -> None:
    """Is not found: exit code 4."""
    said = operate("trace", "404404")
    assert said.code == 4
    assert "404404" in said.err


def test_tail_knows_the_types(operate: Operate) -> None:
    """2 for one that there is not: it would listen for ever."""
    said = operate("tail", "--type", "MESSAGE_RECIEVED", "--limit", "1")
    assert (said.code, "MESSAGE_RECEIVED" in said.err) == (2, True)


def test_tail_shows_what_comes(world: World, operate: Operate) -> None:
    """One JSON line an event, filtered by type, author and text."""
    post, _ = world.ask("eli", "@twbot a purple sky")
    mine = operate("tail", "--json", "--since", "1h", "--limit", "1", "--author", "@eli", "--type", "message_analysed")
    assert [line["detail"]["Twitter"]["TweetId"] for line in mine.lines] == [post["id"]]
    purple = ("tail", "--since", "1h", "--limit", "1", "--text", "PURPLE", "--type", "MESSAGE_RECEIVED")
    (_, line) = on_terminal(*purple, *at(world)).splitlines()  # the day, and the event
    assert "@eli" in line
    assert operate(*purple).out.splitlines()[1].split("\t")[3] == "eli"
