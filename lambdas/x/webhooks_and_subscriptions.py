"""The calls that set a bot up on X: its webhook, and its subscriptions to events."""

from __future__ import annotations

import datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from twbot.lambdas.errors import XUnavailable
from twbot.lambdas.ports import Secrets
from twbot.lambdas.x.activity_types import ACTIVITIES
from twbot.lambdas.x.http import X_URL, XHttp
from twbot.lambdas.x.rate_limits import XLimit

Shape = TypeVar("Shape")


class Webhook(msgspec.Struct, frozen=True):
    """A webhook that is registered on X."""

    id: str
    url: str
    valid: bool
    """Whether X delivers to it: its last challenge was answered correctly."""
    created_at: str | None = None


class AccountActivity(Protocol):
    """Webhooks and subscriptions to all activities of an account, which API v2 and v1.1 both have."""

    def create_webhook(self, url: str) -> Webhook: ...

    def webhooks(self) -> list[Webhook]: ...

    def validate_webhook(self, webhook_id: str) -> bool: ...

    def delete_webhook(self, webhook_id: str) -> bool: ...

    def subscribe_account(self, webhook_id: str) -> bool: ...

    def account_subscriptions(self, webhook_id: str) -> list[str]: ...

    def unsubscribe_account(self, webhook_id: str, user_id: str) -> None: ...

    def count_account_subscriptions(self) -> dict[str, Any]: ...

    def replay(self, webhook_id: str, since: datetime.datetime, until: datetime.datetime) -> str:
        """Make X deliver again what it delivered between two minutes, both inclusive. Return the job's id."""


class ActivitySubscription(msgspec.Struct, frozen=True):
    """A subscription of the X Activity API."""

    subscription_id: str
    event_type: str
    filter: dict[str, Any] = {}
    """For instance {"user_id": "123"}."""
    tag: str | None = None
    webhook_id: str | None = None


class Usage(msgspec.Struct, frozen=True):
    """The project's usage of its monthly plan. X gives the numbers as decimal strings or as numbers."""

    project_usage: str | int | None = None
    """Posts read."""
    project_cap: str | int | None = None
    """Posts that the plan allows."""
    cap_reset_day: int | None = None
    """Day of the month at which the usage starts again."""


class XManagement:
    """Webhooks, subscriptions of both APIs, and replays. Every call raises XRefused or XUnavailable."""

    def __init__(self, secrets: Secrets, *, base_url: str = X_URL) -> None:
        self._http = XHttp(secrets, base_url=base_url)
        self._token: str | None = None

    def create_webhook(self, url: str) -> Webhook:
        """Register a webhook. X challenges the address before it answers."""
        answer = self._as_app("POST", "/2/webhooks", json={"url": url})
        return read(answer.get("data", answer), Webhook)

    def webhooks(self) -> list[Webhook]:
        return read(self._as_app("GET", "/2/webhooks").get("data", []), list[Webhook])

    def validate_webhook(self, webhook_id: str) -> bool:
        """Make X challenge the address again. Return whether the answer was correct."""
        return _is_confirmed(self._as_app("PUT", f"/2/webhooks/{part(webhook_id)}"), "valid")

    def delete_webhook(self, webhook_id: str) -> bool:
        return _is_confirmed(self._as_app("DELETE", f"/2/webhooks/{part(webhook_id)}"), "deleted")

    def replay(self, webhook_id: str, since: datetime.datetime, until: datetime.datetime) -> str:
        """Make X deliver again what it delivered between two minutes of the last 24 hours. Return the job's id."""
        minutes = {"from_date": minute(since), "to_date": minute(until)}
        answer = self._as_app("POST", "/2/webhooks/replay", json={"webhook_id": webhook_id, **minutes})
        return str(answer.get("data", {}).get("job_id", ""))

    def subscribe_account(self, webhook_id: str) -> bool:
        """Subscribe to all Account Activity of the account that the keys belong to."""
        path = f"/2/account_activity/webhooks/{part(webhook_id)}/subscriptions/all"
        return _is_confirmed(self._http.call("POST", path, json={}), "subscribed")

    def account_subscriptions(self, webhook_id: str) -> list[str]:
        """Return the user ids with an Account Activity subscription."""
        answer = self._as_app("GET", f"/2/account_activity/webhooks/{part(webhook_id)}/subscriptions/all/list")
        return [str(one["user_id"]) for one in answer.get("data", {}).get("subscriptions", [])]

    def unsubscribe_account(self, webhook_id: str, user_id: str) -> None:
        self._as_app("DELETE", f"/2/account_activity/webhooks/{part(webhook_id)}/subscriptions/{part(user_id)}/all")

    def count_account_subscriptions(self) -> dict[str, Any]:
        """Return how many subscriptions are provisioned and used, as X's decimal strings."""
        return dict(self._as_app("GET", "/2/account_activity/subscriptions/count").get("data", {}))

    def subscribe_activity(
        self, event_type: str, user_id: str, *, webhook_id: str, tag: str | None = None
    ) -> ActivitySubscription:
        """Subscribe to one event type of the X Activity API about one user."""
        subscription: dict[str, Any] = {
            "event_type": event_type,
            "filter": {"user_id": user_id},
            "webhook_id": webhook_id,
        }
        if tag:
            subscription["tag"] = tag
        # X accepts private event types only with the user's own token, public ones with the app's.
        known = ACTIVITIES.get(event_type)
        call = self._http.call if known is not None and known.private else self._as_app
        return _subscription(call("POST", "/2/activity/subscriptions", json=subscription))

    def activity_subscriptions(self) -> list[ActivitySubscription]:
        found: list[ActivitySubscription] = []
        page: dict[str, str] = {"max_results": "1000"}
        while True:
            answer = self._as_app("GET", "/2/activity/subscriptions", params=page)
            found += read(answer.get("data", []), list[ActivitySubscription])
            next_token = answer.get("meta", {}).get("next_token")
            if not next_token:
                return found
            page = {**page, "pagination_token": str(next_token)}

    def unsubscribe_activity(self, subscription_id: str) -> bool:
        return _is_confirmed(self._as_app("DELETE", f"/2/activity/subscriptions/{part(subscription_id)}"), "deleted")

    def usage(self) -> Usage:
        """Return how many posts the app's project has read, and how many its plan allows in a month."""
        return read(self._as_app("GET", "/2/usage/tweets").get("data", {}), Usage)

    def limits(self) -> list[XLimit]:
        """Return the rate limits in X's last answer to each call."""
        return self._http.limits()

    def _as_app(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        self._token = self._token or self._http.app_token()
        return self._http.call(method, path, bearer=self._token, **sent)


def _subscription(answer: dict[str, Any]) -> ActivitySubscription:
    # X's documentation shows three shapes: `data` is the subscription, a list of it, or contains it.
    data = answer.get("data", {})
    if isinstance(data, list) and data:
        data = data[0]
    return read(data.get("subscription", data) if isinstance(data, dict) else data, ActivitySubscription)


def read(found: object, as_type: type[Shape]) -> Shape:
    """Convert an answer of X to this type. Raises XUnavailable where it has another shape."""
    try:
        return msgspec.convert(found, as_type)
    except msgspec.ValidationError as error:
        raise XUnavailable(f"X's answer has another shape than it documents: {error}.") from None


def part(identifier: str) -> str:
    """Quote an id, which a person may have typed, as one segment of a path."""
    return quote(identifier, safe="")


def _is_confirmed(answer: dict[str, Any], field: str) -> bool:
    return bool(answer.get("data", {}).get(field))


def minute(moment: datetime.datetime) -> str:
    """Format a minute as X does: yyyymmddhhmm in UTC."""
    return moment.astimezone(datetime.UTC).strftime("%Y%m%d%H%M")
