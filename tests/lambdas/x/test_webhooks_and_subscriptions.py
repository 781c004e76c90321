"""Setting a bot up on X: webhooks, subscriptions of both generations, replays."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.loopback import Answer, Loopback, answering
from twbot.lambdas.errors import XUnavailable
from twbot.lambdas.ports import Keys
from twbot.lambdas.x.webhooks_and_subscriptions import ActivitySubscription, Webhook, XManagement

WEBHOOK = {"id": "11", "url": "https://bot.example/x", "valid": True, "created_at": "2026-11-23T00:00:00Z"}
SUBSCRIPTION = {
    "subscription_id": "21",
    "event_type": "post.mention.create",
    "filter": {"user_id": "7"},
    "tag": "mentions",
    "webhook_id": "11",
}


class FixedSecrets:
    def __init__(self, bearer: str | None) -> None:
        self._keys = Keys(
            api_key="app", api_secret="se:cret", access_token="7-t", access_token_secret="ts", bearer_token=bearer
        )

    def keys(self) -> Keys:
        return self._keys

    def refresh(self) -> Keys:
        return self._keys


@pytest.fixture
def x_server() -> Iterator[Loopback]:
    with answering(Answer(200, {})) as server:
        yield server


def management(server: Loopback, *answers: Any, bearer: str | None = "bearer") -> XManagement:
    server.answers[:] = [Answer(200, body) for body in answers]
    return XManagement(FixedSecrets(bearer), base_url=server.url)


def test_a_bearer_token_is_made_when_none_is_kept(x_server: Loopback) -> None:
    """From the app's key and secret, once."""
    x = management(x_server, {"token_type": "bearer", "access_token": "made"}, {"data": [WEBHOOK]}, bearer=None)
    assert x.webhooks() == x.webhooks() == [Webhook(**WEBHOOK)]  # type: ignore[arg-type]
    token, *calls = x_server.asked
    assert (token.path, token.body) == ("/oauth2/token", b"grant_type=client_credentials")
    assert base64.b64decode(token.headers["Authorization"].removeprefix("Basic ")) == b"app:se%3Acret"
    assert [call.headers["Authorization"] for call in calls] == ["Bearer made"] * 2


@pytest.mark.parametrize("answer", [{"data": WEBHOOK}, WEBHOOK])
def test_a_webhook_is_made(x_server: Loopback, answer: Any) -> None:
    """X's pages show the webhook within `data`, and bare."""
    assert management(x_server, answer).create_webhook("https://bot.example/x").id == "11"
    assert x_server.asked[0].json == {"url": "https://bot.example/x"}


def test_webhooks_are_validated_and_deleted(x_server: Loopback) -> None:
    """And what X said of it comes back."""
    x = management(x_server, {"data": {"valid": True}}, {"data": {"deleted": True}})
    assert x.validate_webhook("11")
    assert x.delete_webhook("11")
    assert [(asked.method, asked.path) for asked in x_server.asked] == [
        ("PUT", "/2/webhooks/11"),
        ("DELETE", "/2/webhooks/11"),
    ]


def test_ids_stay_ids(x_server: Loopback) -> None:
    """What an operator types does not become another address."""
    management(x_server, {"data": {"deleted": True}}).delete_webhook("../tweets/1?x")
    assert x_server.asked[0].path == "/2/webhooks/..%2Ftweets%2F1%3Fx"


@pytest.mark.parametrize("data", [SUBSCRIPTION, [SUBSCRIPTION], {"subscription": SUBSCRIPTION}])
def test_each_shape_of_a_new_subscription_is_understood(x_server: Loopback, data: Any) -> None:
    """X documents three."""
    made = management(x_server, {"data": data}).subscribe_activity(
        "post.mention.create", "7", webhook_id="11", tag="mentions"
    )
    assert made == ActivitySubscription(**SUBSCRIPTION)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event_type", "scheme"), [("post.mention.create", "OAuth"), ("dm.received", "OAuth"), ("follow.follow", "Bearer")]
)
def test_private_events_are_subscribed_to_as_the_account(x_server: Loopback, event_type: str, scheme: str) -> None:
    """The app's own token is enough for public ones only."""
    management(x_server, {"data": SUBSCRIPTION}).subscribe_activity(event_type, "7", webhook_id="11")
    assert x_server.asked[0].headers["Authorization"].startswith(scheme)


def test_all_pages_of_subscriptions_are_read(x_server: Loopback) -> None:
    """Page after page until there is no next one."""
    x = management(x_server, {"data": [SUBSCRIPTION], "meta": {"next_token": "p2"}}, {"data": [SUBSCRIPTION]})
    assert len(x.activity_subscriptions()) == 2
    assert "pagination_token=p2" in x_server.asked[1].path


def test_account_activity_is_subscribed_to_as_the_account(x_server: Loopback) -> None:
    """And listed, counted and ended as the app."""
    x = management(
        x_server,
        {"data": {"subscribed": True}},
        {"data": {"subscriptions": [{"user_id": "7"}]}},
        {"data": {"subscriptions_count_all": "1"}},
        {"data": {"subscribed": False}},
    )
    assert x.subscribe_account("11")
    assert x.account_subscriptions("11") == ["7"]
    assert x.count_account_subscriptions() == {"subscriptions_count_all": "1"}
    x.unsubscribe_account("11", "7")
    assert [asked.headers["Authorization"].split()[0] for asked in x_server.asked] == ["OAuth", *["Bearer"] * 3]


def test_a_replay_is_asked_for_in_minutes_of_utc(x_server: Loopback) -> None:
    """Whatever the clock's zone."""
    zone = datetime.timezone(datetime.timedelta(hours=2))
    since = datetime.datetime(2026, 11, 23, 1, 30, tzinfo=zone)
    x = management(x_server, {"data": {"job_id": "31"}})
    assert x.replay("11", since, since + datetime.timedelta(hours=1)) == "31"
    assert x_server.asked[0].json == {"webhook_id": "11", "from_date": "202611222330", "to_date": "202611230030"}


def test_an_answer_of_another_shape_is_said(x_server: Loopback) -> None:
    """Not a traceback."""
    with pytest.raises(XUnavailable):
        management(x_server, {"data": {"no": "id"}}).create_webhook("https://bot.example/x")
