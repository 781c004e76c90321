"""API v1.1's Account Activity: premium, with an environment, and enterprise. X switched premium off in April 2023."""

from __future__ import annotations

import datetime
from typing import Any

from twbot.lambdas.ports import Secrets
from twbot.lambdas.x.http import X_URL, XHttp
from twbot.lambdas.x.webhooks_and_subscriptions import Webhook, minute, part, read

ROOT = "/1.1/account_activity"


class XLegacy:
    """The calls of lambdas/x/webhooks_and_subscriptions.py at v1.1; without an environment its enterprise form."""

    def __init__(self, secrets: Secrets, *, environment: str | None = None, base_url: str = X_URL) -> None:
        self._http = XHttp(secrets, base_url=base_url)
        self._root = f"{ROOT}/all/{part(environment)}" if environment else ROOT
        self._counts = f"{ROOT}/all" if environment else ROOT
        self._by_environment = environment is not None

    def create_webhook(self, url: str) -> Webhook:
        answer = self._http.call("POST", f"{self._root}/webhooks.json", params={"url": url})
        return read({"created_at": answer.get("created_timestamp"), **answer}, Webhook)

    def webhooks(self) -> list[Webhook]:
        found = self._http.listing(f"{self._root}/webhooks.json", bearer=self._http.app_token())
        return read(found, list[Webhook])

    def validate_webhook(self, webhook_id: str) -> bool:
        """Have X challenge the address again; a wrong answer is a refusal here."""
        self._http.call("PUT", f"{self._root}/webhooks/{part(webhook_id)}.json")
        return True

    def delete_webhook(self, webhook_id: str) -> bool:
        self._http.call("DELETE", f"{self._root}/webhooks/{part(webhook_id)}.json")
        return True

    def subscribe_account(self, webhook_id: str) -> bool:
        self._http.call("POST", self._subscriptions(webhook_id, "all", ""))
        return True

    def account_subscriptions(self, webhook_id: str) -> list[str]:
        answer = self._as_app("GET", self._subscriptions(webhook_id, "all/list", "list"))
        return [str(one["user_id"]) for one in answer.get("subscriptions", [])]

    def unsubscribe_account(self, webhook_id: str, user_id: str) -> None:
        self._as_app("DELETE", self._subscriptions(webhook_id, f"{part(user_id)}/all", part(user_id)))

    def count_account_subscriptions(self) -> dict[str, Any]:
        return self._as_app("GET", f"{self._counts}/subscriptions/count.json")

    def replay(self, webhook_id: str, since: datetime.datetime, until: datetime.datetime) -> str:
        """The enterprise form's: premium never had one. X keeps five days; a window is a day at most."""
        minutes = {"from_date": minute(since), "to_date": minute(until)}
        path = f"{ROOT}/replay/webhooks/{part(webhook_id)}/subscriptions/all.json"
        answer = self._http.call("POST", path, bearer=self._http.app_token(), params=minutes)
        return str(answer.get("job_id", ""))

    def _subscriptions(self, webhook_id: str, enterprise: str, premium: str) -> str:
        """An environment has one webhook, and its paths do not name it."""
        if self._by_environment:
            return f"{self._root}/subscriptions{premium and '/'}{premium}.json"
        return f"{self._root}/webhooks/{part(webhook_id)}/subscriptions/{enterprise}.json"

    def _as_app(self, method: str, path: str) -> dict[str, Any]:
        return self._http.call(method, path, bearer=self._http.app_token())
