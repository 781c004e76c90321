"""A simulated X as a process, a webhook that listens to it, and signed sessions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from requests_oauthlib import OAuth1Session

from tests.support.simulated_x import Webhook, red_jpeg, start_afresh
from twbot.lambdas.ports import Keys
from twbot.local.simulator.client import Simulator, SimulatorClient


@pytest.fixture
def sim(simulated_x: Simulator) -> Simulator:
    start_afresh(simulated_x, max_webhooks=1000)
    return simulated_x


@pytest.fixture
def keys(sim: Simulator) -> Keys:
    return sim.client.keys()


@pytest.fixture
def client(sim: Simulator) -> SimulatorClient:
    return sim.client


@pytest.fixture
def bot(keys: Keys) -> OAuth1Session:
    return OAuth1Session(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)


@pytest.fixture
def app(keys: Keys) -> requests.Session:
    session = requests.Session()
    session.headers["authorization"] = f"Bearer {keys.bearer_token}"
    return session


@pytest.fixture
def hook(keys: Keys) -> Iterator[Webhook]:
    webhook = Webhook()
    webhook.secret = keys.api_secret
    yield webhook
    webhook.server.shutdown()
    webhook.server.server_close()


@pytest.fixture
def webhook_id(sim: Simulator, app: requests.Session, hook: Webhook) -> Iterator[str]:
    answer = app.post(f"{sim.url}/2/webhooks", json={"url": hook.url})
    assert answer.ok, answer.text
    registered = answer.json()["data"]["id"]
    yield registered
    app.delete(f"{sim.url}/2/webhooks/{registered}")


@pytest.fixture
def photo() -> bytes:
    return red_jpeg()
