"""Webhooks of the simulated X: registering, subscribing, and what is delivered."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from requests_oauthlib import OAuth1Session

from tests.support.simulated_x import Webhook
from twbot.lambdas.ports import Keys
from twbot.local.simulator.client import Simulator, SimulatorClient

ACCOUNT = "/2/account_activity/webhooks/{}/subscriptions/all"


def follow_activity(sim: Simulator, bot: OAuth1Session, keys: Keys, webhook_id: str, *kinds: str) -> None:
    for kind in kinds:
        body = {"event_type": kind, "filter": {"user_id": keys.user_id}, "tag": "t", "webhook_id": webhook_id}
        assert bot.post(f"{sim.url}/2/activity/subscriptions", json=body).ok


def test_a_webhook_must_know_the_secret(sim: Simulator, app: requests.Session, hook: Webhook) -> None:
    """The CRC handshake happens at once; a wrong answer is CrcValidationFailed."""
    hook.secret = "another"
    answer = app.post(f"{sim.url}/2/webhooks", json={"url": hook.url})
    assert answer.status_code == 400
    assert "CrcValidationFailed" in answer.text


@pytest.mark.parametrize("url", ["http://example.com/hook", "https://example.com:8443/hook", "ftp://x", "", "h" * 201])
def test_only_addresses_that_x_takes(sim: Simulator, app: requests.Session, url: str) -> None:
    """https without a port; loopback is the simulator's own exception."""
    assert "UrlValidationFailed" in app.post(f"{sim.url}/2/webhooks", json={"url": url}).text


def test_webhooks_are_listed_checked_and_removed(
    sim: Simulator, app: requests.Session, hook: Webhook, webhook_id: str
) -> None:
    """Once only; PUT asks again; an unknown id is WebhookIdInvalid."""
    webhooks = f"{sim.url}/2/webhooks"
    assert "DuplicateUrlFailed" in app.post(webhooks, json={"url": hook.url}).text
    assert [row["id"] for row in app.get(webhooks).json()["data"]] == [webhook_id]
    assert app.put(f"{webhooks}/{webhook_id}").json() == {"data": {"valid": True}}
    hook.secret = "another"
    assert app.put(f"{webhooks}/{webhook_id}").json() == {"data": {"valid": False}}
    assert "WebhookIdInvalid" in app.delete(f"{webhooks}/1").text


def test_both_generations_tell_of_one_post(
    sim: Simulator,
    client: SimulatorClient,
    keys: Keys,
    bot: OAuth1Session,
    hook: Webhook,
    webhook_id: str,
    photo: bytes,
) -> None:
    """v1.1: truncated, with its media; X Activity: the whole text, a link, no media. Both are signed."""
    assert bot.post(sim.url + ACCOUNT.format(webhook_id), json={}).json() == {"data": {"subscribed": True}}
    follow_activity(sim, bot, keys, webhook_id, "post.mention.create")
    post = client.post("alice", "@twbot " + "long " * 40, images=[photo])
    bodies = hook.wait_for(lambda bodies: len(bodies) == 2)
    [tweet] = next(body["tweet_create_events"] for body in bodies if "tweet_create_events" in body)
    activity = next(body["data"] for body in bodies if "data" in body)
    assert (tweet["id_str"], tweet["truncated"], len(tweet["text"]) <= 140) == (post["id"], True, True)
    media = tweet["extended_tweet"]["extended_entities"]["media"]
    assert client.media(media[0]["media_url_https"]) == photo
    assert activity["payload"]["id"] == post["id"]
    assert "attachments" not in activity["payload"]
    assert activity["payload"]["entities"]["mentions"][0]["id"] == keys.user_id
    assert all(hook.signatures_right)


def test_every_kind_of_event_is_delivered(
    sim: Simulator, client: SimulatorClient, keys: Keys, bot: OAuth1Session, hook: Webhook, webhook_id: str
) -> None:
    """Likes, follows, blocks, mutes, messages, typing, reading, deletions, in both generations."""
    bot.post(sim.url + ACCOUNT.format(webhook_id), json={})
    kinds = {"like.create", "follow.follow", "block.block", "mute.mute", "dm.received", "dm.indicate_typing", "dm.read"}
    follow_activity(sim, bot, keys, webhook_id, *kinds, "post.delete")
    mine = client.post("twbot", "my own", generation="v1.1")["id"]
    client.act("like", "alice", post=mine)
    for kind in ("follow", "dm", "typing", "read"):
        client.act(kind, "alice", to="twbot", **({"text": "hi"} if kind == "dm" else {}))
    for kind in ("block", "mute"):
        client.act(kind, "twbot", to="alice")
    client.act("delete", "twbot", post=mine)
    bodies = hook.wait_for(lambda bodies: len(bodies) == 17)
    assert {body["data"]["event_type"] for body in bodies if "data" in body} == {*kinds, "post.delete"}
    families = ("tweet_create", "favorite", "follow", "block", "mute", "direct_message", "tweet_delete")
    expected = {f"{family}_events" for family in families}
    expected |= {"direct_message_indicate_typing_events", "direct_message_mark_read_events"}
    assert {key for body in bodies for key in body if key.endswith("_events")} == expected


def test_a_failed_delivery_is_tried_again(
    sim: Simulator, client: SimulatorClient, bot: OAuth1Session, hook: Webhook, webhook_id: str
) -> None:
    """Until it is answered 200; the log tells how often."""
    bot.post(sim.url + ACCOUNT.format(webhook_id), json={})
    hook.answers = [503, 500]
    post = client.post("alice", "@twbot again")
    hook.wait_for(lambda bodies: len(bodies) == 3)
    hook.wait_for(lambda _: client.deliveries(post["id"])[0]["state"] == "delivered")
    assert client.deliveries(post["id"])[0]["tries"] == 3


def test_resending_and_forging(
    sim: Simulator, client: SimulatorClient, bot: OAuth1Session, hook: Webhook, webhook_id: str
) -> None:
    """The same bytes twice; and a post with a signature that isn't X's."""
    bot.post(sim.url + ACCOUNT.format(webhook_id), json={})
    post = client.post("alice", "@twbot once")
    hook.wait_for(lambda bodies: len(bodies) == 1)
    client.resend(post["id"])
    first, second = hook.wait_for(lambda bodies: len(bodies) == 2)
    assert first == second
    for generation in ("v1.1", "x-activity"):
        assert client.forge("mallory", "@twbot keys!", generation=generation)["status"] == 200  # this hook lets it in
        assert not hook.signatures_right[-1]


def test_a_replay_ends_with_its_notice(
    sim: Simulator, client: SimulatorClient, app: requests.Session, bot: OAuth1Session, hook: Webhook, webhook_id: str
) -> None:
    """Everything of the window again, then replay_job_status; dates are checked."""
    bot.post(sim.url + ACCOUNT.format(webhook_id), json={})
    before = datetime.datetime.now(datetime.UTC)
    for number in range(5):
        client.post("alice", f"@twbot number {number}")
    hook.wait_for(lambda bodies: len(bodies) == 5)
    dates = {"from_date": f"{before:%Y%m%d%H%M}", "to_date": f"{datetime.datetime.now(datetime.UTC):%Y%m%d%H%M}"}
    answer = app.post(f"{sim.url}/2/webhooks/replay", json={"webhook_id": webhook_id, **dates})
    *_, notice = hook.wait_for(lambda bodies: len(bodies) == 11)
    assert notice["replay_job_status"]["job_id"] == answer.json()["data"]["job_id"]
    for wrong in ({"from_date": "202001010000"}, {"to_date": "20"}, {"from_date": "999999999999"}):
        body = {"webhook_id": webhook_id, **dates, **wrong}
        assert app.post(f"{sim.url}/2/webhooks/replay", json=body).status_code == 400


def test_private_events_need_the_users_token(
    sim: Simulator, keys: Keys, app: requests.Session, bot: OAuth1Session, webhook_id: str
) -> None:
    """The bearer token subscribes to public events only; nobody to somebody else's private ones."""
    url = f"{sim.url}/2/activity/subscriptions"

    def status(session: requests.Session, event_type: str, user_id: str) -> int:
        return session.post(url, json={"event_type": event_type, "filter": {"user_id": user_id}}).status_code

    assert status(app, "post.create", keys.user_id) == 200
    assert status(app, "post.mention.create", keys.user_id) == 403
    assert status(bot, "dm.received", "1234") == 403
    assert status(bot, "no.such", keys.user_id) == 400


def test_activity_subscriptions_come_in_pages(
    sim: Simulator, keys: Keys, app: requests.Session, bot: OAuth1Session, webhook_id: str
) -> None:
    """Listed in pages, changed, removed one by one or together."""
    url = f"{sim.url}/2/activity/subscriptions"
    follow_activity(sim, bot, keys, webhook_id, "like.create", "dm.received", "dm.sent")
    ids: list[str] = []
    query: dict[str, Any] = {"max_results": 2}
    while True:
        page = app.get(url, params=query).json()
        ids += [row["subscription_id"] for row in page["data"]]
        if "next_token" not in page["meta"]:
            break
        query["pagination_token"] = page["meta"]["next_token"]
    assert len(ids) == len(set(ids)) == page["meta"]["total_subscriptions"] >= 3
    assert app.put(f"{url}/{ids[0]}", json={"tag": "new"}).json()["data"]["subscription"]["tag"] == "new"
    assert app.delete(f"{url}/{ids[0]}").json()["data"] == {"deleted": True}
    rest = app.delete(url, params={"ids": ",".join(ids)}).json()
    assert (len(rest["data"]), rest["errors"][0]["subscription_id"]) == (len(ids) - 1, ids[0])


def test_account_subscriptions_are_counted(
    sim: Simulator, keys: Keys, app: requests.Session, bot: OAuth1Session, webhook_id: str
) -> None:
    """Subscribed once, listed, counted, removed."""
    path = sim.url + ACCOUNT.format(webhook_id)
    assert bot.get(path).json() == {"data": {"subscribed": False}}
    bot.post(path, json={})
    assert "DuplicateSubscriptionFailed" in bot.post(path, json={}).text
    assert app.get(f"{path}/list").json()["data"]["subscriptions"] == [{"user_id": keys.user_id}]
    count = app.get(f"{sim.url}/2/account_activity/subscriptions/count").json()["data"]
    assert count["subscriptions_count_all"] == "1"
    gone = path.removesuffix("all") + f"{keys.user_id}/all"
    assert app.delete(gone).json() == {"data": {"subscribed": False}}
    assert "SubscriptionNotFound" in app.delete(gone).text


def test_what_was_queued_survives_a_kill(tmp_path: Path, hook: Webhook) -> None:
    """Killed between two tries, the simulated X delivers after its restart, with the same keys."""
    with Simulator(tmp_path, retry_delays="1") as first:
        keys = first.client.keys()
        hook.secret = keys.api_secret
        bearer = {"authorization": f"Bearer {keys.bearer_token}"}
        answer = requests.post(f"{first.url}/2/webhooks", json={"url": hook.url}, headers=bearer)
        bot = OAuth1Session(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
        bot.post(first.url + ACCOUNT.format(answer.json()["data"]["id"]), json={})
        hook.answers = [503]
        first.client.post("alice", "@twbot are you there?")
        hook.wait_for(lambda bodies: len(bodies) == 1)
        first.process.kill()
    with Simulator(tmp_path) as second:
        hook.wait_for(lambda bodies: len(bodies) == 2)
        assert second.client.keys() == keys
    assert (tmp_path / "sim.db").stat().st_mode & 0o077 == 0
