"""The rules: as a map with counts, each with its pattern, and what they make of an event."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from tests.support.bot_folders import make_bot
from tests.support.console import Visitor, served_console, text_of
from tests.support.own_folder import TOML
from tests.support.world import World
from twbot.cli.console.rule_map import Node, RuleMap, map_of
from twbot.cli.operations.target import Target
from twbot.lambdas.wiring import RULES, rules
from twbot.local.bus.bus import Bus
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_bot(tmp_path, monkeypatch, twbot_toml=TOML)


def boxes(drawn: RuleMap) -> list[Node]:
    return [*drawn.types, *drawn.rules, *(node for service in drawn.services for node in service.targets)]


def test_each_rule_has_its_place_and_its_lines(own: Path) -> None:
    """Those of the bot's folder among them: from each type that it takes, to its target."""
    drawn = map_of(rules(), {})
    assert [node.name for node in drawn.rules] == [rule.name for rule in rules()]
    assert len(rules()) > len(RULES)
    assert {service.name for service in drawn.services} == {rule.service for rule in rules()}
    for rule in rules():
        assert len([edge for edge in drawn.edges if edge.rule == rule.name]) >= 2


@pytest.mark.parametrize("counted", [{}, {f"MY_EVENT_{each}": 1 for each in range(30)}])
def test_no_box_lies_on_another_or_beyond_the_edge(own: Path, counted: dict[str, int]) -> None:
    drawn = map_of(rules(), counted)
    found = boxes(drawn)
    assert {*counted} <= {node.name for node in found}
    for number, one in enumerate(found):
        assert 0 <= one.x <= one.x + one.width <= drawn.width
        assert 0 <= one.y <= one.y + one.height <= drawn.height
        for other in found[number + 1 :]:
            beside = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert beside or one.y + one.height <= other.y or other.y + other.height <= one.y, (one, other)


def test_raw_events_share_a_box() -> None:
    """X sends fifteen types of them, which no rule tells apart."""
    names = [node.name for node in map_of(RULES, {"TWITTER_TWEETED": 3}).types]
    assert names.count("TWITTER_*") == 1
    assert "TWITTER_TWEETED" not in names
    assert len(names) == len({*names})


def test_counts_stand_on_the_map_and_in_the_list(world: World, visitor: Visitor) -> None:
    world.ask("rosa", "@twbot tell me a joke")
    page = visitor.get("/rules")
    said = text_of(page)
    with History(world.home.bus) as history:
        received = len(history.moments("MESSAGE_RECEIVED"))
    assert re.search(rf"MESSAGE_RECEIVED webhook, complete-fun\S* {received:,} / {received:,} ", said)
    for rule in RULES:
        assert f'id="rule-{rule.name}"' in page.text
        assert all(f'"{name}"' in said for name in rule.pattern)
    row = page.text.split('<tr id="rule-answer-texts">')[1].split("</tr>")[0]
    assert re.search(r'number">[1-9]', row)
    assert "twbot rules list --data" in said


def test_a_bot_of_ones_own_is_at_home(own: Path, tmp_path: Path) -> None:
    """Its rules are on the map and in the list, without a line for the console; and no bot need run."""
    (tmp_path / "data").mkdir()
    with Bus(DataFolder(tmp_path / "data").bus, rules()):
        pass
    with served_console(Target(data=tmp_path / "data")) as info:
        said = text_of(Visitor(info).get("/rules"))
    assert said.count("crm-angry") >= 3
    assert "bot.crm:ticket" in said


EVENT = {"source": "BOT", "detail-type": "MESSAGE_RECEIVED", "detail": {"Text": "<b>hi</b>"}}


def test_an_event_tried_against_the_rules(visitor: Visitor) -> None:
    """Which take it, and why the others do not; the text that was typed stays."""
    page = visitor.post("/rules/test", event=json.dumps(EVENT))
    said = text_of(page)
    assert f"3 of {len(RULES)} rules take it" in said
    assert re.search(r"analyse-messages yes goes to workflow", said)
    assert re.search(r'send-tweets no detail-type is "MESSAGE_RECEIVED", not "SEND_TWEET"', said)
    assert "<b>hi" not in page.text
    assert "&lt;b&gt;hi" in page.text


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{}", "it has no 'source'"),
        ("</textarea><script>alert(1)</script>", "is no event"),
        ("[" * 5000, "is no event"),
        ("{" + " " * 1_000_001 + "}", "more than an event holds"),
        ("\ud800".encode("utf-8", "surrogatepass"), "is no event"),
    ],
    ids=["empty", "hostile", "deep", "long", "no text"],
)
def test_what_is_no_event_is_said_and_kept(visitor: Visitor, given: str, says: str) -> None:
    page = visitor.post("/rules/test", event=given)
    assert page.status_code == 400
    assert says in text_of(page)
    assert "<script>alert" not in page.text
    assert "<textarea" in page.text


def test_an_event_of_the_bus_is_tried_by_a_link(world: World, visitor: Visitor) -> None:
    post, _ = world.ask("rudi", "@twbot tell me a joke")
    with History(world.home.bus) as history:
        (event,) = history.events(tweet_id=post["id"], detail_type="SEND_TWEET")
    page = visitor.get(f"/bus/{event.id}", at=event.time)
    (link,) = re.findall(r'href="(/rules/test[^"]*)"', page.text)
    tried = text_of(visitor.session.get(visitor.url(html.unescape(link)), timeout=10))
    assert re.search(r"send-tweets yes goes to tweet-queue", tried)
