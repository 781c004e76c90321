"""Our own client of X's API works at the simulated X."""

from __future__ import annotations

import pytest

from tests.support.simulated_x import Webhook
from twbot.lambdas.errors import XRefused
from twbot.lambdas.ports import Keys
from twbot.lambdas.x.api import XApi
from twbot.lambdas.x.webhooks_and_subscriptions import XManagement
from twbot.local.simulator.client import Simulator, SimulatorClient


class KnownKeys:
    """The keys, as they are."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def keys(self) -> Keys:
        return self._keys

    def refresh(self) -> Keys:
        return self._keys


def test_a_reply_with_a_picture(sim: Simulator, client: SimulatorClient, keys: Keys, photo: bytes) -> None:
    """Looked up, uploaded, described, posted, and found again; the same words twice are refused."""
    x = XApi(KnownKeys(keys), base_url=sim.url)
    post = client.post("alice", "@twbot look", images=[photo])
    answer = x.look_up(post["id"])
    assert answer["data"]["author_id"] == answer["includes"]["users"][0]["id"]
    [posted] = answer["includes"]["media"]
    assert client.media(posted["url"]) == photo
    media_id = x.upload_image(photo, "A red field")
    reply_id = x.reply("seen", to_tweet_id=post["id"], media_ids=[media_id])
    assert client.get(reply_id)["media"][0]["alt_text"] == "A red field"
    [own] = x.own_posts(after=post["id"])
    assert (own.id, own.text.rpartition(" https://")[0], own.reply_to) == (reply_id, "@alice seen", post["id"])
    assert [*x.own_posts(after=reply_id)] == []
    x.reply("seen, too", to_tweet_id=post["id"])
    with pytest.raises(XRefused):
        x.reply("seen, too", to_tweet_id=post["id"])


def test_webhooks_and_subscriptions(sim: Simulator, keys: Keys, hook: Webhook) -> None:
    """Registered, subscribed in both generations, removed."""
    manage = XManagement(KnownKeys(keys), base_url=sim.url)
    webhook = manage.create_webhook(hook.url)
    assert manage.validate_webhook(webhook.id)
    assert manage.subscribe_account(webhook.id)
    assert manage.account_subscriptions(webhook.id) == [keys.user_id]
    manage.unsubscribe_account(webhook.id, keys.user_id)
    assert manage.delete_webhook(webhook.id)
