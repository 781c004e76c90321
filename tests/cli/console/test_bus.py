"""The bus: what came, the newest first, filtered; and one event in full."""

from __future__ import annotations

import json
import re
import urllib.parse

import pytest
import requests

from tests.support.console import Visitor, text_of
from tests.support.world import World
from twbot.local.bus.history import History


def lines(page: requests.Response) -> list[str]:
    """The lines of the bus, as text."""
    found = re.findall(r"<summary>(.*?)</summary>", page.text, re.S)
    return [" ".join(re.sub(r"<[^>]*>", " ", each).split()) for each in found]


def test_what_came_stands_there_at_once(world: World, visitor: Visitor) -> None:
    """The newest first, each once, beside the timeline, too."""
    post, _ = world.ask("bea", "@twbot tell me a joke")
    for path in ("/bus", "/"):
        page = visitor.get(path)
        mine = [each for each in lines(page) if "@bea" in each]
        assert [each.split()[1] for each in mine[:2]] == ["MESSAGE_ANALYSED", "MESSAGE_RECEIVED"]
        assert f'href="/post/{post["id"]}"' in page.text
        ids = re.findall(r'<li id="(.*?)"', page.text)
        assert len(ids) == len({*ids})


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"type": "MESSAGE_RECEIVED", "author": "@Bert"}, {"MESSAGE_RECEIVED"}),
        ({"type": "", "author": "bert", "text": ""}, {"MESSAGE_RECEIVED", "MESSAGE_ANALYSED"}),
        ({"text": "BERT"}, {"MESSAGE_RECEIVED", "MESSAGE_ANALYSED", "TWITTER_TWEETED"}),
        ({"type": "NO_SUCH_TYPE"}, set()),
        ({"author": "nobody at all"}, set()),
    ],
)
def test_filtered_as_tail_does(world: World, visitor: Visitor, query: dict[str, str], kept: set[str]) -> None:
    """By type, author and text; the command beside it has the same options."""
    world.ask("bert", "@twbot tell me a joke")
    page = visitor.get("/bus", **query)
    assert {each.split()[1] for each in lines(page)} & {*kept, "SEND_TWEET"} == kept
    assert bool(lines(page)) == bool(kept)
    command = re.findall(r'data-copy="(twbot tail[^"]*)"', page.text)[0]
    assert all(f"--{name}" in command for name, value in query.items() if value)


def test_the_stream_brings_lines_as_the_page_has_them(world: World, visitor: Visitor) -> None:
    """The same element, so that neither is there twice; of what is filtered out only the type."""
    with visitor.session.get(visitor.url("/live"), params={"author": "bibi"}, stream=True, timeout=30) as stream:
        read = stream.iter_lines(decode_unicode=True)
        assert next(read) == "event: reload"
        world.ask("bibi", "@twbot <b>tell me</b> a joke")
        found: list[dict[str, str | None]] = []
        while not any(each["type"] == "TWEET_SENT" for each in found):
            line = next(read)
            if line.startswith('data: {"'):
                found.append(json.loads(line.removeprefix("data: ")))
    listed = [each for each in found if each["line"]]
    assert {each["type"] for each in listed} == {"MESSAGE_RECEIVED", "MESSAGE_ANALYSED"}
    page = visitor.get("/bus").text
    for each in listed:
        assert each["line"]
        assert each["line"].strip() in page
        assert "<b>tell" not in each["line"]


def test_an_event_in_full(world: World, visitor: Visitor) -> None:
    post, _ = world.ask("bodo", "@twbot </pre><script>alert(1)</script>")
    with History(world.home.bus) as history:
        (event,) = history.events(tweet_id=post["id"], detail_type="MESSAGE_ANALYSED")
    page = visitor.get(f"/bus/{event.id}", at=event.time)
    said = text_of(page)
    assert '"detail-type": "MESSAGE_ANALYSED"' in said
    assert '"TextSentiment"' in said
    assert "<script>alert" not in page.text
    assert f"twbot trace {post['id']}" in said
    opened = re.findall(r'data-more="(/bus/[^"]*)"', visitor.get("/bus", author="bodo").text)
    assert urllib.parse.unquote(opened[0]).replace("&amp;", "&") == f"/bus/{event.id}?at={event.time}"


@pytest.mark.parametrize("path", ["/bus/x", "/bus/..%2f..%2fetc", "/bus/x?at=never", "/bus/%22%20%7C%7C%20%7B"])
def test_an_event_that_is_not_there(visitor: Visitor, path: str) -> None:
    """A page says so."""
    answer = visitor.session.get(visitor.url(path), timeout=10)
    assert answer.status_code in {400, 404}
    assert "twbot" in answer.text
