"""What the simulated X knows as a document: seeded, kept, taken in, and forgotten."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.simulated_x import red_jpeg
from twbot.local.simulator import acts, state
from twbot.local.simulator.problems import Problem
from twbot.local.simulator.world import World

PICTURE = base64.b64encode(red_jpeg()).decode()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "x").mkdir()
    made = World(tmp_path / "x", base_url="http://x")
    yield made
    made.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "other").mkdir()
    made = World(tmp_path / "other", base_url="http://x", bot="another")
    yield made
    made.close()


def lively(world: World) -> None:
    """Something of each kind."""
    first = acts.post(world, acts.NewPost(author="ann", text="<b> & more", alt_texts=["red"]), [red_jpeg()] * 2)
    reply = acts.post(world, acts.NewPost(author="ben", text="@ann yes", reply_to=first.id, followers=7, verified=True))
    acts.edit(world, first.id, acts.Edit("edited"))
    acts.post(world, acts.NewPost(author="cat", text="look", quote=reply.id, language="en"), [b"no picture"])
    acts.post(world, acts.NewPost(author="cat", repost=reply.id))
    for asked in (
        acts.Action("like", "ann", post=reply.id),
        acts.Action("follow", "ann", to="twbot"),
        acts.Action("block", "ben", to="cat"),
        acts.Action("delete", "ben", post=reply.id),
    ):
        acts.act(world, asked)


def test_what_is_taken_in_is_what_was_kept(world: World, other: World) -> None:
    """Another simulated X knows the same: accounts, versions, replies, pictures, what is deleted, and relations."""
    lively(world)
    kept = msgspec.json.encode(state.export(world))
    state.take_in(other, msgspec.json.decode(kept, type=state.State))
    again = state.export(other)
    accounts = {each.username: each for each in again.accounts}
    accounts.pop("another")  # its own bot
    mine = state.export(world)
    assert accounts == {each.username: each for each in mine.accounts}
    assert (again.posts, again.relations) == (mine.posts, mine.relations)
    assert other.store.rows("SELECT * FROM deliveries") == []
    assert b"secret" not in kept
    assert world.keys.api_secret.encode() not in kept


def test_a_seed_is_written_by_hand(world: World) -> None:
    """Names and texts are enough; ids of one's own where a post names another."""
    seed = {
        "version": 1,
        "accounts": [{"username": "ann", "followers": 1000}],
        "posts": [
            {"author": "ann", "text": "one", "id": "1", "pictures": [{"data": PICTURE}]},
            {"author": "ben", "text": "two", "reply_to": "1"},
        ],
        "relations": [{"kind": "follow", "source": "ben", "target": "ann"}],
    }
    state.take_in(world, msgspec.json.decode(json.dumps(seed), type=state.State))
    one = world.posts.any("1")
    assert one is not None
    [two] = world.posts.where("reply_to = '1'")
    assert (two.typed, two.conversation_id, len(one.media)) == ("two", "1", 1)
    assert world.v2.user(world.people.ensure("ann"))["public_metrics"]["followers_count"] == 1000


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a post that is there": ({"posts": [{"author": "a", "id": "1"}, {"author": "a", "id": "1"}]}, "Post 2: there is"),
    "a post of the future": ({"posts": [{"author": "a", "id": "9" * 19}]}, "future"),
    "a reply to none": ({"posts": [{"author": "a"}, {"author": "a", "reply_to": "5"}]}, "Post 2: reply_to is 5"),
    "a version of none": ({"posts": [{"author": "a", "version_of": "5"}]}, "Post 1: version_of"),
    "no picture": (
        {"posts": [{"author": "a", "pictures": [{"data": PICTURE}]}, {"author": "a", "pictures": [{"data": "?"}]}]},
        "Post 2: data of a picture is not base64",
    ),
    "a like of none": ({"relations": [{"kind": "like", "source": "a", "target": "5"}]}, "Relation 1: there is no post"),
    "a relation to no name": ({"relations": [{"kind": "follow", "source": "a", "target": "-"}]}, "1 to 15 letters"),
    "an id of another": ({"accounts": [{"username": "a", "id": "1"}, {"username": "b", "id": "1"}]}, "@b: another"),
}


@pytest.mark.parametrize(("document", "why"), WRONG.values(), ids=WRONG.keys())
def test_a_document_with_a_mistake_changes_nothing(world: World, document: dict[str, Any], why: str) -> None:
    """It says where the mistake is; what stood before it in the document is not there either, nor its files."""
    before = state.export(world)
    good = [{"author": "before", "text": "fine", "pictures": [{"data": PICTURE}]}]
    asked = {"version": 1, **document, "posts": [*good, *document.get("posts", [])]}
    why = why.replace("Post 2", "Post 3").replace("Post 1", "Post 2")
    with pytest.raises(Problem, match=why):
        state.take_in(world, msgspec.convert(asked, state.State))
    assert state.export(world) == before
    assert not list(world.pictures.folder.iterdir())


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_anything_else_is_no_document(document: object) -> None:
    """What is not of this version is refused before anything is looked at."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(document), type=state.State)


def test_reset_leaves_what_the_app_has(world: World) -> None:
    """Posts and people are gone, with their pictures; the bot and its keys go on working."""
    lively(world)
    keys = world.keys_of("twbot")
    world.store.add("webhooks", id="1", url="http://127.0.0.1:1/", valid=1, created_ms=1)
    state.reset(world)
    kept = state.export(world)
    assert ([each.username for each in kept.accounts], kept.posts, kept.relations) == (["twbot"], (), ())
    assert world.keys_of("twbot") == keys
    assert len(world.store.rows("SELECT * FROM webhooks")) == 1
    assert not list(world.pictures.folder.iterdir())
    lively(world)
