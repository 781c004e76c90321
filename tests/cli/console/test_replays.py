"""Replays: counted first, started when that was agreed to, followed, cancelled."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.console import Visitor, served_console, text_of
from tests.support.world import World
from twbot.cli.operations.replays.port import replays_of
from twbot.cli.operations.target import Target
from twbot.lambdas.contracts import Entry
from twbot.lambdas.wiring import RULES
from twbot.local.bus.bus import Bus
from twbot.local.data_folder import DataFolder


def form_of(page: requests.Response) -> dict[str, list[str]]:
    """The hidden fields of the page that asks, which has one button."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text):
        found.setdefault(name, []).append(value)
    return found


def states(world: World) -> dict[str, str]:
    return {each.name: each.state for each in replays_of(Target(data=world.home.folder)).newest(1000)}


def settled(world: World, name: str) -> str:
    until = time.monotonic() + 20
    while (state := states(world)[name]) in {"running", "cancelling"}:
        assert time.monotonic() < until
        world.settle()
    return state


@pytest.fixture
def several(world: World) -> str:
    """Some events of a type that no other test asks for."""
    kind = "TWITTER_MUTED"
    entries = [Entry(source="TWITTER", detail_type=kind, detail={"n": each}) for each in range(3)]
    world.system.bot.bus.publish(entries)
    world.settle()
    return kind


def test_nothing_starts_before_it_was_counted(world: World, visitor: Visitor, several: str) -> None:
    """The count says what goes where; the window that was counted is the one that is replayed."""
    before = states(world)
    page = visitor.get("/replays/count", since="1h", type=several, to="keep-every-event")
    said = text_of(page)
    (count,) = re.findall(r"(\d+) events to replay", said)
    assert f"{several} {count}" in said
    assert f"keep-every-event {count}" in said
    assert "Nothing of it is posted on X" in said
    assert f"twbot replay --since 1h --type {several} --to keep-every-event --data" in said
    assert states(world) == before
    fields = form_of(page)
    assert re.fullmatch(r"20\d\d-.*\+00:00", fields["since"][0])
    assert "with_replies" not in fields
    started = visitor.post("/replays/start", **fields)
    (name,) = states(world).keys() - before.keys()
    assert f"{name} has begun" in text_of(started)
    assert settled(world, name) == "done"
    assert re.search(rf"{name} done {count}/{count} ", text_of(visitor.get("/replays")))


def test_replies_are_warned_of(world: World, visitor: Visitor) -> None:
    """The page and its button say that the bot will post."""
    world.ask("rita", "@twbot tell me a joke")
    world.system.bot.bus.publish(
        [
            Entry(
                source="BOT",
                detail_type="SEND_TWEET",
                detail={"Text": "x", "ReplyToTweetId": "1", "ReplyToUserId": "2"},
            )
        ]
    )
    world.settle()
    page = visitor.get("/replays/count", since="1h", with_replies="yes")
    assert "The bot will reply on X" in text_of(page)
    assert re.search(r'<button class="danger">Replay [\d,]+ events?, and reply on X', page.text)
    assert form_of(page)["with_replies"] == ["yes"]
    assert "--with-replies" in text_of(page)


def test_one_that_runs_can_be_cancelled(world: World, visitor: Visitor, several: str) -> None:
    """While it runs the page is read again; afterwards not."""
    before = states(world)
    page = visitor.get("/replays/count", since="1h", type=several, to="keep-every-event", rate="0.1")
    visitor.post("/replays/start", **form_of(page))
    (name,) = states(world).keys() - before.keys()
    runs = visitor.get("/replays")
    assert 'data-poll="1000"' in runs.text
    assert "<progress" in runs.text
    assert f"{name} is cancel" in text_of(visitor.post("/replays/cancel", name=name))
    assert settled(world, name) == "cancelled"
    assert f"{name} is cancelled already" in text_of(visitor.post("/replays/cancel", name=name))
    assert 'data-poll=""' in visitor.get("/replays").text


def test_nothing_to_replay(visitor: Visitor) -> None:
    page = visitor.get("/replays/count", since="1h", type="TWITTER_BLOCKED")
    assert "No event of the archive is like that" in text_of(page)
    assert "/replays/start" not in page.text


def test_what_was_written_stays_when_it_is_changed(visitor: Visitor) -> None:
    query = {"since": '2h "><b>', "until": "30m", "type": "SEND_TWEET", "to": "send-tweets", "with_replies": "yes"}
    page = visitor.get("/replays", **query)
    assert 'value="30m"' in page.text
    assert re.findall(r'value="([\w-]+)" checked', page.text) == ["SEND_TWEET", "send-tweets", "yes"]
    assert '"><b>' not in page.text


SENT_BY_NOBODY: list[tuple[str, dict[str, Any]]] = [
    ("/replays/start", {"since": "1h", "events": ""}),
    ("/replays/start", {"events": "1"}),
    ("/replays/start", {"since": "1h", "events": "1", "to": "no-such-rule"}),
    ("/replays/start", {"since": "1h", "events": "1", "rate": "nan"}),
    ("/replays/start", {"since": "1h", "events": "1", "rate": "1e9"}),
    ("/replays/cancel", {"name": "no-such-replay"}),
    ("/replays/cancel", {}),
]


def test_a_form_that_nobody_sent(world: World, visitor: Visitor) -> None:
    """Nothing is started by it."""
    before = states(world)
    for path, fields in SENT_BY_NOBODY:
        assert visitor.post(path, **fields).status_code in {400, 404}, (path, fields)
    for query in ({"since": "tomorrow"}, {"since": ""}, {"since": "1h", "until": "2h"}, {"since": "1h", "type": "<b>"}):
        assert visitor.get("/replays/count", **query).status_code == 400
    assert states(world) == before


def test_where_no_bot_runs_it_is_counted_and_not_started(tmp_path: Path) -> None:
    """What to type is said."""
    with Bus(DataFolder(tmp_path).bus, RULES) as bus:
        bus.publish([Entry(source="TWITTER", detail_type="TWITTER_DELETED", detail={})])
    with served_console(Target(data=tmp_path)) as info:
        visitor = Visitor(info)
        assert "There were none" in text_of(visitor.get("/replays"))
        page = visitor.get("/replays/count", since="1h")
        assert "1 event to replay" in text_of(page)
        refused = visitor.post("/replays/start", **form_of(page))
        assert refused.status_code == 409
        assert "twbot up" in text_of(refused)
