"""Pause and resume, limits and the people who want no replies: each is asked before it is changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.console import Visitor, text_of
from tests.support.world import World
from twbot.cli.operations.replies.port import Replies, replies_of
from twbot.cli.operations.target import Target
from twbot.lambdas.egress.permission import Switch


@pytest.fixture
def store(world: World) -> Iterator[Replies]:
    found = replies_of(Target(data=world.home.folder))
    before = found.switch()
    yield found
    found.save(before)


def test_pausing_asks_first_and_resuming_too(world: World, visitor: Visitor, store: Replies) -> None:
    """The question says what changes and how much; only its button changes something, and the dot says it."""
    wanted = {"do": "pause", "reason": "it says <b>odd</b> things", "for": "2h"}
    page = visitor.get("/replies/change", **wanted)
    says = text_of(page)
    assert "Pause the replies?" in says
    assert "In the last hour it sent" in says
    assert "twbot replies pause --reason 'it says <b>odd</b> things' --for 2h --data" in says
    assert "<b>odd" not in page.text
    assert not store.switch().paused
    answer = visitor.post("/replies/change", **wanted)
    assert "The bot does not reply any more, until" in text_of(answer)
    assert "Status: paused" in text_of(answer)
    switch = store.switch()
    assert (switch.paused, switch.reason) == (True, "it says <b>odd</b> things")
    assert switch.since
    assert switch.until
    assert switch.until - switch.since == pytest.approx(7200, abs=60)
    assert not world.ask("repka", "@twbot tell me a joke")[1]
    says = text_of(visitor.get("/replies/change", do="resume"))
    assert "twbot replay --since" in says
    assert store.switch().paused
    assert "The bot replies again." in text_of(visitor.post("/replies/change", do="resume"))
    assert not store.switch().paused


def test_limits(visitor: Visitor, store: Replies) -> None:
    """What is empty is no limit."""
    says = text_of(visitor.get("/replies/change", do="limit", per_person="5", per_hour=""))
    assert "to one person at most 5 times, to all without a limit" in says
    assert "twbot replies limit --per-person 5 --data" in says
    visitor.post("/replies/change", do="limit", per_person="5", per_hour="1000")
    assert (store.switch().per_person, store.switch().per_hour) == (5, 1000)
    visitor.post("/replies/change", do="limit", per_person=" ", per_hour="")
    assert (store.switch().per_person, store.switch().per_hour) == (None, None)
    assert "twbot replies limit --none" in text_of(visitor.get("/replies/change", do="limit"))


def test_the_people_who_want_no_replies(visitor: Visitor, store: Replies) -> None:
    user = "2244994945"
    assert "twbot replies optout add 2244994945" in text_of(visitor.get("/replies/change", do="opt-out", user=user))
    assert user not in store.opted_out_users()
    answer = visitor.post("/replies/change", do="opt-out", user=user)
    assert answer.url.partition("?")[0].endswith("/replies/people")
    assert f"https://x.com/i/user/{user}" in text_of(answer)
    assert f"Reply to the user {user} again?" in text_of(visitor.get("/replies/change", do="opt-in", user=user))
    visitor.post("/replies/change", do="opt-in", user=user)
    assert user not in store.opted_out_users()


@pytest.mark.parametrize(
    ("wanted", "status", "says"),
    [
        ({}, 404, "no such change"),
        ({"do": "<script>"}, 404, "no such change"),
        ({"do": "pause", "for": "soon"}, 400, "is no length of time"),
        ({"do": "limit", "per_person": "-1"}, 400, "is no limit"),
        ({"do": "limit", "per_hour": "9" * 30}, 400, "is no limit"),
        ({"do": "limit", "per_hour": "²"}, 400, "is no limit"),
        ({"do": "opt-out", "user": "@alice"}, 400, "is no user id"),
        ({"do": "opt-out"}, 400, "is no user id"),
        ({"do": "opt-in", "user": "1"}, 404, "has not opted out"),
    ],
)
def test_what_cannot_be_changed_is_refused(
    visitor: Visitor, store: Replies, wanted: dict[str, str], status: int, says: str
) -> None:
    """Where it is asked, and where it would be done."""
    before: Switch = store.switch()
    for page in (visitor.get("/replies/change", **wanted), visitor.post("/replies/change", **wanted)):
        assert page.status_code == status
        assert says in text_of(page)
        assert "<script>" not in page.text
    assert store.switch() == before
