"""`twbot subscription` against the simulated X."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.local_stage import Local, Twbot
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.lambdas.x.activity_types import ACTIVITIES, NEEDED
from twbot.local.simulator.api_webhooks import PRIVATE, PUBLIC

V1 = ("--api", "v1.1")


@pytest.fixture
def registered(local: Local, twbot: Twbot) -> Local:
    assert twbot("webhook", "register").code == 0
    return local


def types_of(rows: list[dict[str, Any]]) -> set[str]:
    return {row["event_type"] for row in rows}


@pytest.mark.usefixtures("registered")
def test_what_the_bot_needs(twbot: Twbot) -> None:
    """Added with their prices; a second time there is nothing to do."""
    added = twbot("subscription", "add").out["subscriptions"]
    assert types_of(added) == set(NEEDED)
    assert {row["event_type"]: row["usd_per_event"] for row in added}["post.mention.create"] == 0.005
    assert twbot("subscription", "add").out["subscriptions"] == []
    assert types_of(twbot("subscription", "list", "--api", "xaa").out) == set(NEEDED)


@pytest.mark.usefixtures("registered")
def test_named_kinds_of_event(twbot: Twbot) -> None:
    """A dry run adds none; public ones go with the app's key, private ones with the account's."""
    assert types_of(twbot("subscription", "add", "like.create", "--dry-run").out["subscriptions"]) == {"like.create"}
    assert twbot("subscription", "list").out == []
    added = twbot("subscription", "add", "like.create", "follow.follow").out["subscriptions"]
    assert types_of(added) == {"like.create", "follow.follow"}


@pytest.mark.usefixtures("registered")
def test_an_unknown_kind_of_event(twbot: Twbot) -> None:
    """2, with the nearest that there is."""
    ended = twbot("subscription", "add", "follow.folow")
    assert (ended.code, ended.error["hint"]) == (Exit.USAGE, "Did you mean: follow.follow")


@pytest.mark.parametrize("api", ["aaa", "v1.1"])
def test_account_activity(local: Local, twbot: Twbot, api: str) -> None:
    """Both versions: added once, listed, counted, removed by the user's id."""
    version = V1 if api == "v1.1" else ()
    assert twbot("webhook", "register", *version).code == 0
    user_id = local.x.client.keys().user_id
    [added] = twbot("subscription", "add", "--api", api).out["subscriptions"]
    assert added["id"] == user_id
    assert twbot("subscription", "add", "--api", api).out["subscriptions"] == []
    assert [row["id"] for row in twbot("subscription", "list", "--api", api).out] == [user_id]
    assert twbot("subscription", "count", *version).out["account_activity"] == 1
    assert len(twbot("subscription", "remove", user_id, "--api", api, "--yes").out["subscriptions"]) == 1
    assert twbot("subscription", "list", "--api", api).out == []


@pytest.mark.usefixtures("local")
def test_premium(twbot: Twbot) -> None:
    """An environment's subscriptions."""
    premium = (*V1, "--environment", "dev")
    twbot("webhook", "register", *premium)
    assert len(twbot("subscription", "add", *premium).out["subscriptions"]) == 1
    assert len(twbot("subscription", "list", *premium).out) == 1
    assert twbot("subscription", "count", *premium).out["account_activity"] == 1
    assert len(twbot("subscription", "remove", "all", *premium, "--yes").out["subscriptions"]) == 1
    assert twbot("subscription", "list", *premium).out == []


@pytest.mark.usefixtures("registered")
def test_removing(twbot: Twbot) -> None:
    """One, or all; it asks, and can be tried; 4 for one that is not there."""
    first, *others = twbot("subscription", "add").out["subscriptions"]
    assert twbot("subscription", "remove", first["id"]).code == Exit.USAGE
    assert len(twbot("subscription", "remove", "all", "--dry-run").out["subscriptions"]) == len(NEEDED)
    assert twbot("subscription", "remove", first["id"], "--yes").code == 0
    assert len(twbot("subscription", "list").out) == len(others)
    assert len(twbot("subscription", "remove", "all", "--yes").out["subscriptions"]) == len(others)
    assert twbot("subscription", "remove", "all", "--yes").out["subscriptions"] == []
    assert twbot("subscription", "remove", "1", "--yes").code == Exit.NOT_FOUND


@pytest.mark.usefixtures("registered")
def test_all_are_the_stages_own(twbot: Twbot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the app's other webhook, another stage's, stay."""
    from twbot.lambdas.x.webhooks_and_subscriptions import ActivitySubscription, XManagement

    twbot("subscription", "add")
    listed = XManagement.activity_subscriptions
    other = ActivitySubscription("7", "post.delete", {"user_id": "12"}, webhook_id="another")
    monkeypatch.setattr(XManagement, "activity_subscriptions", lambda x: [*listed(x), other])
    gone = twbot("subscription", "remove", "all", "--yes").out["subscriptions"]
    assert types_of(gone) == set(NEEDED)
    assert [row["id"] for row in twbot("subscription", "list", "--api", "xaa").out] == ["7"]


@pytest.mark.usefixtures("local")
def test_without_a_webhook(local: Local, twbot: Twbot) -> None:
    """4, and what to type first."""
    ended = twbot("subscription", "add")
    hint = f"Register it: twbot webhook register --data {local.folder}"
    assert (ended.code, ended.error["hint"]) == (Exit.NOT_FOUND, hint)


@pytest.mark.usefixtures("registered")
def test_moving_to_x_activity(twbot: Twbot) -> None:
    """Says what it will do; does it; a second time there is nothing left to do."""
    twbot("subscription", "add", "--api", "aaa")
    tried = twbot("subscription", "migrate", "--dry-run")
    assert tried.out["migrated"] is False
    assert "+ post.mention.create, $0.005 an event" in tried.err
    assert "- Account Activity" in tried.err
    assert [row["api"] for row in twbot("subscription", "list").out] == ["aaa"]
    assert twbot("subscription", "migrate").code == Exit.USAGE
    done = twbot("subscription", "migrate", "--yes")
    assert types_of(done.out["added"]) == set(NEEDED)
    assert len(done.out["removed"]) == 1
    assert {row["api"] for row in twbot("subscription", "list").out} == {"xaa"}
    again = twbot("subscription", "migrate", "--yes")
    assert (again.code, again.out["added"], again.out["removed"]) == (0, [], [])


def test_a_move_that_fails_leaves_account_activity(registered: Local, twbot: Twbot) -> None:
    """No gap: the old subscription stays until the new ones are there; typed again, it goes on."""
    twbot("subscription", "add", "--api", "aaa")
    registered.x.client.fail("unavailable", call="POST /2/activity/subscriptions")
    assert twbot("subscription", "migrate", "--yes").code == Exit.FAILED
    assert "aaa" in {row["api"] for row in twbot("subscription", "list").out}
    assert twbot("subscription", "migrate", "--yes").code == 0
    assert {row["api"] for row in twbot("subscription", "list").out} == {"xaa"}


def test_no_move_to_a_webhook_that_does_not_answer(registered: Local, twbot: Twbot) -> None:
    """5, and nothing was changed."""
    twbot("subscription", "add", "--api", "aaa")
    registered.webhook.secret = "another"
    assert twbot("subscription", "migrate", "--yes").code == Exit.CHECK_FAILED
    assert [row["api"] for row in twbot("subscription", "list").out] == ["aaa"]


def test_while_both_deliver_a_post_comes_twice_and_after_the_move_once(registered: Local, twbot: Twbot) -> None:
    """The move leaves no post undelivered; what comes twice is the bot's to know by its id."""
    twbot("subscription", "add", "--api", "aaa")
    twbot("subscription", "migrate", "--yes")
    post = registered.x.client.post("mia", "@twbot hello")
    registered.webhook.wait_for(lambda bodies: any(post["id"] in str(body) for body in bodies))
    assert {each["generation"] for each in registered.x.client.deliveries(post["id"])} == {"x-activity"}


@pytest.mark.parametrize(
    ("kind", "says"), [("forbidden", "not permitted"), ("unauthorized", "does not accept the keys")]
)
def test_refused_subscriptions(registered: Local, twbot: Twbot, kind: str, says: str) -> None:
    """3, with X's reason in our words."""
    registered.x.client.fail(kind, call="POST /2/activity/subscriptions")
    ended = twbot("subscription", "add")
    assert ended.code == Exit.NOT_CONFIGURED
    assert says in ended.error["error"]


@pytest.mark.usefixtures("registered")
def test_people_see_prices(local: Local, capsys: pytest.CaptureFixture[str]) -> None:
    """The table names the price of each event, and whole ids."""
    assert run(["subscription", "add", "--data", str(local.folder)]) == 0
    out = capsys.readouterr().out
    assert "$0.005" in out
    assert "post.mention.create" in out


def test_the_table_has_x_s_kinds_of_event() -> None:
    """Public and private as the simulated X has them; what the bot needs is among them."""
    public = {name for name, activity in ACTIVITIES.items() if not activity.private}
    assert public == PUBLIC
    assert ACTIVITIES.keys() - PUBLIC <= PRIVATE
    assert {"post.mention.create", "post.quote.create", "post.reply.create"} <= set(NEEDED)


def test_after_the_end_of_account_activity(monkeypatch: pytest.MonkeyPatch, registered: Local, twbot: Twbot) -> None:
    """When X has switched it off, listing, counting and moving still work."""
    from twbot.lambdas.errors import XRefused
    from twbot.lambdas.x.webhooks_and_subscriptions import XManagement

    def gone(*_: object) -> None:
        raise XRefused("X answered 410: gone", reason="invalid", status=410)

    assert registered
    monkeypatch.setattr(XManagement, "account_subscriptions", gone)
    monkeypatch.setattr(XManagement, "count_account_subscriptions", gone)
    assert twbot("subscription", "migrate", "--yes").code == 0
    assert types_of(twbot("subscription", "list").out) == set(NEEDED)
    assert twbot("subscription", "count").out["account_activity"] is None
