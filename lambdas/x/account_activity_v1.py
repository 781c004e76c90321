"""The Account Activity API of v1.1, in its premium form (with an environment) and its enterprise form.

X switched the premium form off in April 2023.
"""

from __future__ import annotations

import datetime
from typing import Any

from twbot.lambdas.ports import Secrets
from twbot.lambdas.x.http import X_URL, XHttp
from twbot.lambdas.x.webhooks_and_subscriptions import Webhook, minute, part, read

ROOT = "/1.1/account_activity"


class XLegacy:
    """The AccountActivity of v1.1; without an environment its enterprise form. Raises XRefused or XUnavailable."""

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
        """Make X challenge the address again. v1.1 refuses where the answer is wrong, so this never returns False."""
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
        """Start a replay and return its job's id. X keeps five days; a window is at most a day long.

        Only the enterprise form has replays.
        """
        minutes = {"from_date": minute(since), "to_date": minute(until)}
        path = f"{ROOT}/replay/webhooks/{part(webhook_id)}/subscriptions/all.json"
        answer = self._http.call("POST", path, bearer=self._http.app_token(), params=minutes)
        return str(answer.get("job_id", ""))

    def _subscriptions(self, webhook_id: str, enterprise: str, premium: str) -> str:
        """Return the path of subscriptions. That of an environment does not name the webhook, as there is only one."""
        if self._by_environment:
            return f"{self._root}/subscriptions{premium and '/'}{premium}.json"
        return f"{self._root}/webhooks/{part(webhook_id)}/subscriptions/{enterprise}.json"

    def _as_app(self, method: str, path: str) -> dict[str, Any]:
        return self._http.call(method, path, bearer=self._http.app_token())
