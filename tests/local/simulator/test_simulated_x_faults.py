"""Faults of the simulated X by plan: at its calls, and in what it delivers."""

from __future__ import annotations

from typing import Any

import pytest
from requests_oauthlib import OAuth1Session

from tests.support.simulated_x import Webhook, settled, signed
from twbot.lambdas.errors import TwbotError
from twbot.local.simulator.client import Simulator, SimulatorClient
from twbot.local.simulator.limits import DELIVERIES, Failure, Failures

ACCOUNT = "/2/account_activity/webhooks/{}/subscriptions/all"
ME = "GET /2/users/me"


@pytest.fixture
def subscribed(sim: Simulator, bot: OAuth1Session, webhook_id: str) -> None:
    assert bot.post(sim.url + ACCOUNT.format(webhook_id), json={}).ok


def test_each_try_of_a_delivery_is_noted(client: SimulatorClient, hook: Webhook, subscribed: None) -> None:
    """With its time, the answer's status and start, and the signature that the webhook got."""
    hook.answers = [503]
    post = client.post("alice", "@twbot twice")
    first, second = settled(client, post["id"])[0]["attempts"]
    assert (first["status"], first["problem"], second["status"], second["problem"]) == (503, "answered 503", 200, None)
    assert first["signature"] == second["signature"] != ""
    assert first["at_ms"] <= second["at_ms"]
    assert hook.signatures_right == [True, True]


@pytest.mark.parametrize(
    ("kind", "arrive", "right"),
    [("sent_twice", 2, True), ("sent_late", 1, True), ("wrong_signature", 1, False), ("never_sent", 0, True)],
)
def test_a_delivery_goes_wrong_on_purpose(
    client: SimulatorClient, hook: Webhook, subscribed: None, kind: str, arrive: int, right: bool
) -> None:
    """The next delivery is sent twice, late, never or with a forger's signature; the one after it is as always."""
    client.fail(kind, seconds=0.1)
    post = client.post("alice", "@twbot wrong")
    after = client.post("alice", "@twbot right")
    hook.wait_for(lambda bodies: len(bodies) == arrive + 1)
    of_post = {body["tweet_create_events"][0]["id_str"]: body for body in hook.bodies}
    assert (post["id"] in of_post, after["id"] in of_post) == (arrive > 0, True)
    assert hook.signatures_right.count(False) == (0 if right else 1)
    known = client.deliveries(post["id"])
    assert (known[0]["fault"], len(known)) == (kind, max(arrive, 1))
    assert client.failures() == []
    if kind == "sent_late":
        assert next(iter(of_post)) == after["id"]


def test_a_signature_that_is_wrong_on_purpose_is_shown(
    client: SimulatorClient, hook: Webhook, subscribed: None
) -> None:
    """What was sent is noted, not what would have been right."""
    client.fail("wrong_signature")
    post = client.post("alice", "@twbot forged")
    noted = settled(client, post["id"])[0]["attempts"][0]["signature"]
    assert noted.startswith("sha256=")
    assert noted != signed(hook.secret, b"")
    assert hook.signatures_right == [False]


def test_a_fault_stays_until_it_is_mended(sim: Simulator, client: SimulatorClient, bot: OAuth1Session) -> None:
    """Without a count it hits every call, whichever it is; the first that fits hits."""
    client.fail("unavailable", call="*", count=None)
    [*_, second] = client.fail("unauthorized", call=ME, count=None)
    assert [bot.get(f"{sim.url}/2/users/me").status_code for _ in range(3)] == [503] * 3
    first = client.failures()[0]
    assert client.mend(first["id"]) == [second]
    assert bot.get(f"{sim.url}/2/users/me").status_code == 401
    assert client.mend() == []
    assert bot.get(f"{sim.url}/2/users/me").ok


def test_a_slow_call_takes_effect(sim: Simulator, client: SimulatorClient, bot: OAuth1Session) -> None:
    """It is answered as always, only later."""
    client.fail("slow", call=ME, seconds=0.2)
    answer = bot.get(f"{sim.url}/2/users/me")
    assert (answer.status_code, answer.elapsed.total_seconds() >= 0.2) == (200, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "sabotage"},
        {"kind": "error", "share": 0},
        {"kind": "error", "share": 1.5},
        {"kind": "error", "count": 0},
        {"kind": "slow", "seconds": -1},
        {"kind": "slow", "seconds": 1e9},
        {"kind": "error", "often": True},
    ],
    ids=str,
)
def test_a_plan_with_a_mistake_changes_nothing(client: SimulatorClient, wrong: dict[str, Any]) -> None:
    """It is refused as a whole, and what was planned before stays."""
    client.plan([{"kind": "error"}])
    with pytest.raises(TwbotError, match="refused"):
        client.plan([{"kind": "cap"}, wrong])
    assert [each["kind"] for each in client.failures()] == ["error"]
    client.mend()


def test_a_seed_chooses_the_same_calls() -> None:
    """A share of the calls fails, others with another seed."""

    def chosen(seed: int) -> list[bool]:
        failures = Failures()
        failures.seed(seed)
        failures.add(Failure(kind="error", count=None, share=0.25))
        return [failures.next("POST /2/tweets") is not None for _ in range(400)]

    assert chosen(1) == chosen(1) != chosen(2)
    assert 60 < sum(chosen(1)) < 140


def test_a_fault_of_deliveries_hits_no_call() -> None:
    """Whatever call it names."""
    failures = Failures()
    failures.add(Failure(kind="never_sent", call="*", count=None))
    assert (failures.next("GET /2/tweets"), failures.next(DELIVERIES) is not None) == (None, True)
    failures.clear()
    failures.add(Failure(kind="error", call="*", count=None))
    assert failures.next(DELIVERIES) is None
