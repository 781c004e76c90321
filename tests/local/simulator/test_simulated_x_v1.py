"""v1.1's Account Activity management at the simulated X."""

from __future__ import annotations

import pytest
import requests
from requests_oauthlib import OAuth1Session

from tests.support.simulated_x import Webhook
from twbot.lambdas.ports import Keys
from twbot.local.simulator.client import Simulator

PATHS = {
    "premium": ("/1.1/account_activity/all/prod/webhooks", "/1.1/account_activity/all/prod/subscriptions"),
    "enterprise": ("/1.1/account_activity/webhooks", "/1.1/account_activity/webhooks/{}/subscriptions/all"),
}


@pytest.mark.parametrize("kind", ["premium", "enterprise"])
def test_a_webhook_of_v1_lives_and_goes(
    sim: Simulator, keys: Keys, bot: OAuth1Session, app: requests.Session, hook: Webhook, kind: str
) -> None:
    """Registered with CRC, checked, subscribed to, listed, unsubscribed, removed; 204 where nothing is to say."""
    webhooks, subscriptions = (sim.url + path for path in PATHS[kind])
    made = bot.post(f"{webhooks}.json", params={"url": hook.url})
    assert made.json()["valid"] is True, made.text
    webhook_id = made.json()["id"]
    path = subscriptions.format(webhook_id)
    one = f"{path}/{keys.user_id}.json" if kind == "premium" else f"{path.removesuffix('all')}{keys.user_id}/all.json"
    assert bot.put(f"{webhooks}/{webhook_id}.json").status_code == 204
    assert [bot.get(f"{path}.json").status_code, bot.post(f"{path}.json").status_code] == [404, 204]
    assert bot.get(f"{path}.json").status_code == 204
    assert app.get(f"{path}/list.json").json()["subscriptions"] == [{"user_id": keys.user_id}]
    assert app.delete(one).status_code == 204
    assert bot.delete(f"{webhooks}/{webhook_id}.json").status_code == 204
    assert bot.delete(f"{webhooks}/{webhook_id}.json").json()["errors"][0]["code"] == 34


def test_v1_refuses_in_its_own_words(sim: Simulator, bot: OAuth1Session, hook: Webhook) -> None:
    """Error lists with codes: 32 for a wrong signature, 214 for what a webhook should be."""
    url = f"{sim.url}{PATHS['enterprise'][0]}.json"
    answer = requests.post(url, params={"url": hook.url})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, 32)
    hook.secret = "another"
    answer = bot.post(url, params={"url": hook.url})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, 214)
