"""Edits at the simulated X: each is a new id, in both generations' payloads, within X's rules."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from requests_oauthlib import OAuth1Session

from tests.support.webhooks import BOT, MemoryBus, deliver
from twbot.lambdas.errors import TwbotError
from twbot.local.simulator.client import Simulator, SimulatorClient
from twbot.local.simulator.events import ACCOUNT_ACTIVITY, X_ACTIVITY
from twbot.local.simulator.posts import MAX_EDITS
from twbot.local.simulator.problems import Problem
from twbot.local.simulator.store import SCHEMA, Store
from twbot.local.simulator.world import World


@pytest.fixture
def world(tmp_path: Path) -> Any:
    made = World(tmp_path, base_url="http://127.0.0.1:1")
    yield made
    made.close()


def test_an_edit_is_a_new_post_with_the_history_of_all(client: SimulatorClient) -> None:
    """Text and id change; author, conversation and pictures stay, and both versions name both."""
    first = client.post("alice", "@twbot tel me a joke")
    second = client.edit(first["id"], "@twbot tell me a joke")
    assert second["edit_history"] == [first["id"], second["id"]]
    assert (second["author"], second["conversation_id"]) == ("alice", first["conversation_id"])
    third = client.edit(second["id"], "@twbot tell me another joke")
    assert client.get(first["id"])["edit_history"] == [first["id"], second["id"], third["id"]]
    assert int(first["id"]) < int(second["id"]) < int(third["id"])


def test_x_allows_five_edits(client: SimulatorClient) -> None:
    post = client.post("alice", "one")
    for number in range(MAX_EDITS):
        post = client.edit(post["id"], f"edit {number}")
    with pytest.raises(TwbotError, match="403"):
        client.edit(post["id"], "one too many")
    assert len(client.edit(post["id"], "forced", force=True)["edit_history"]) == MAX_EDITS + 2


def test_x_allows_no_edit_of_a_reply_to_somebody_else(client: SimulatorClient) -> None:
    """Of one's own thread it does; a test may force it."""
    post = client.post("alice", "hello")
    reply = client.post("bert", "hi", reply_to=post["id"])
    with pytest.raises(TwbotError, match="403"):
        client.edit(reply["id"], "ho")
    assert client.edit(reply["id"], "ho", force=True)["reply_to"] == post["id"]
    assert client.edit(client.post("alice", "more", reply_to=post["id"])["id"], "more!")["text"] == "more!"


def test_an_edit_is_possible_for_an_hour(world: World) -> None:
    post = world.posts.create(world.people.ensure("alice"), "hello")
    world.store.run("UPDATE posts SET created_ms = created_ms - 3600000 WHERE id = ?", post.id)
    old = world.posts.get(post.id)
    assert old is not None
    with pytest.raises(Problem):
        world.posts.edit(old, "too late")
    assert world.posts.edit(old, "forced", forced=True).first_id == post.id


def test_the_api_edits_the_callers_own_posts(sim: Simulator, client: SimulatorClient, bot: OAuth1Session) -> None:
    """`edit_options` of POST /2/tweets; the answer has the history. Another's post is refused."""
    mine = bot.post(f"{sim.url}/2/tweets", json={"text": "helo from me"}).json()["data"]["id"]
    edit = {"text": "hello from me", "edit_options": {"previous_post_id": mine}}
    answer = bot.post(f"{sim.url}/2/tweets", json=edit)
    data = answer.json()["data"]
    assert (answer.status_code, data["edit_history_tweet_ids"]) == (201, [mine, data["id"]])
    shown = bot.get(f"{sim.url}/2/tweets/{data['id']}", params={"tweet.fields": "edit_controls"}).json()["data"]
    assert shown["edit_controls"]["edits_remaining"] == MAX_EDITS - 1
    theirs = client.post("alice", "hello")["id"]
    edit = {"text": "mine now", "edit_options": {"previous_post_id": theirs}}
    assert bot.post(f"{sim.url}/2/tweets", json=edit).status_code == 403


def test_all_versions_are_deleted_together(client: SimulatorClient) -> None:
    first = client.post("alice", "hello")
    second = client.edit(first["id"], "hello!")
    client.act("delete", "alice", post=second["id"])
    for each in (first, second):
        with pytest.raises(TwbotError, match="404"):
            client.get(each["id"])


@pytest.mark.parametrize("generation", [ACCOUNT_ACTIVITY, X_ACTIVITY])
def test_our_ingress_knows_the_first_version(world: World, generation: str) -> None:
    """What is delivered of an edit, in either generation, is a message of its own that names the first version."""
    world.store.add("users", id=BOT, username="ourbot", name="ourbot", created_ms=1)
    first = world.posts.create(world.people.ensure("alice"), "@ourbot tel me a joke")
    second = world.posts.edit(first, "@ourbot tell me a joke")
    bus = MemoryBus()
    for post in (first, second):
        body = world.events.forged(post, generation)
        if "filter" in body.get("data", {}):
            body["data"]["filter"] = {"user_id": BOT}
        deliver(body, bus)
    assert [(each.text, each.twitter.tweet_id, each.twitter.chain) for each in bus.messages] == [
        ("@ourbot tel me a joke", first.id, first.id),
        ("@ourbot tell me a joke", second.id, first.id),
    ]


def test_the_file_of_an_older_simulator_is_brought_up_to_date(tmp_path: Path) -> None:
    """It has posts, and no column for edits."""
    path = tmp_path / "sim.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(SCHEMA.migrations[0])
    store = Store(path)
    assert store.rows("SELECT first_id FROM posts") == []
    store.close()
