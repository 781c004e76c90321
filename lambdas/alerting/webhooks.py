"""Posts an alert to a webhook, as plain JSON, for Slack or for Discord. No error contains the address."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import requests

from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.alerting.discord import discord_message
from twbot.lambdas.alerting.slack import slack_message
from twbot.lambdas.alerting.subscription import Subscription
from twbot.lambdas.errors import Permanent, Temporary, is_transient
from twbot.lambdas.public_network import TIMEOUTS, retry_at, webhook_session

JSON = {"Content-Type": "application/json"}
# Without `wait` Discord answers before it has stored the message, and reports no failure.
_QUERY: dict[str, dict[str, str]] = {"discord": {"wait": "true"}}


class Webhooks:
    """Posts alerts, and sends nothing to a webhook before the time that its Retry-After named."""

    def __init__(self) -> None:
        self._closed_until: dict[str, float] = {}  # on the monotonic clock: the other may be set meanwhile

    def send(self, to: Subscription, alert: Alert) -> None:
        """Post the alert. Raises Temporary, or Permanent where the webhook refuses it for good."""
        if (left := self._closed_until.get(to.id, 0.0) - time.monotonic()) > 0:
            raise Temporary(f"{to.kind} asked us to wait.", retry_at=time.time() + left)
        try:
            _post(to, alert)
        except Temporary as problem:
            if problem.retry_at is not None:
                self._closed_until[to.id] = time.monotonic() + problem.retry_at - time.time()
            raise


def message_for(to: Subscription, alert: Alert) -> dict[str, Any]:
    """Return the body of the request, in the form that the kind of webhook expects."""
    if to.kind == "slack":
        return slack_message(alert)
    if to.kind == "discord":
        return discord_message(alert)
    return dict(msgspec.to_builtins(alert))


def _post(to: Subscription, alert: Alert) -> None:
    body = msgspec.json.encode(message_for(to, alert))
    try:
        with (
            webhook_session() as session,
            session.post(
                to.address,
                data=body,
                params=_QUERY.get(to.kind),
                headers=JSON,
                timeout=TIMEOUTS,
                allow_redirects=False,
                stream=True,  # the body is not read, however long it is; only the status counts
            ) as answer,
        ):
            _check(to, answer)
    except (requests.RequestException, OSError) as error:
        raise Temporary(f"The address cannot be reached: {type(error).__name__}.") from None


def _check(to: Subscription, answer: requests.Response) -> None:
    status = answer.status_code
    if 200 <= status < 300:
        return
    if is_transient(status):
        raise Temporary(f"{to.kind} answers {status}.", retry_at=retry_at(answer.headers.get("Retry-After")))
    if status in (401, 403, 404, 410):
        raise Permanent(f"{to.kind} answers {status}: the address was revoked, or never was right.")
    raise Permanent(f"{to.kind} answers {status}: it does not take the alert.")
