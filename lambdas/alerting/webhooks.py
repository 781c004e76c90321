"""Posting an alert to somebody's webhook: plain JSON, Slack's or Discord's. No error shows the address."""

from __future__ import annotations

import email.utils
import logging
import math
import time
from typing import Any

import msgspec
import requests

from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.alerting.discord import discord_message
from twbot.lambdas.alerting.slack import slack_message
from twbot.lambdas.alerting.subscription import Subscription
from twbot.lambdas.errors import Permanent, Temporary, TwbotError, is_transient
from twbot.lambdas.public_network import PublicOnly

TIMEOUTS = (3.05, 10.0)
MAX_WAIT = 3600.0
JSON = {"Content-Type": "application/json"}
# Discord says whether it kept the message only to whoever waits for it.
_RETRY_AFTER: dict[str, dict[str, str]] = {"discord": {"wait": "true"}}

# At DEBUG it writes down what comes after the host, which is the secret.
logging.getLogger("urllib3").setLevel(logging.INFO)


class Webhooks:
    """Remembers who asked us to wait, and leaves them alone until then."""

    def __init__(self) -> None:
        self._closed_until: dict[str, float] = {}

    def send(self, to: Subscription, alert: Alert) -> None:
        """Raises Temporary, or Permanent where the webhook is not there any more."""
        if (until := self._closed_until.get(to.id, 0.0)) > time.time():
            raise Temporary(f"{to.kind} asked us to wait.", retry_at=until)
        try:
            _post(to, alert)
        except Temporary as problem:
            if problem.retry_at is not None:
                self._closed_until[to.id] = problem.retry_at
            raise


def message_for(to: Subscription, alert: Alert) -> dict[str, Any]:
    if to.kind == "slack":
        return slack_message(alert)
    if to.kind == "discord":
        return discord_message(alert)
    return dict(msgspec.to_builtins(alert))


def _post(to: Subscription, alert: Alert) -> None:
    body = msgspec.json.encode(message_for(to, alert))
    try:
        with (
            _session() as session,
            session.post(
                to.address,
                data=body,
                params=_RETRY_AFTER.get(to.kind),
                headers=JSON,
                timeout=TIMEOUTS,
                allow_redirects=False,
                stream=True,  # what it says besides the status is its own affair, however long
            ) as answer,
        ):
            _check(to, answer)
    except (requests.RequestException, OSError) as error:
        raise Temporary(f"The address cannot be reached: {type(error).__name__}.") from None


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", PublicOnly(_private))
    return session


def _private() -> TwbotError:
    return Permanent("The address is on a private network.")


def _check(to: Subscription, answer: requests.Response) -> None:
    status = answer.status_code
    if 200 <= status < 300:
        return
    if is_transient(status):
        raise Temporary(f"{to.kind} answers {status}.", retry_at=_retry_at(answer.headers.get("Retry-After")))
    if status in (401, 403, 404, 410):
        raise Permanent(f"{to.kind} answers {status}: the address was revoked, or never was right.")
    raise Permanent(f"{to.kind} answers {status}: it does not take the alert.")


def _retry_at(said: str | None) -> float | None:
    """Retry-After is seconds, or a date. Not longer than an hour: who asks for more gets asked again."""
    if said is None:
        return None
    now = time.time()
    try:
        wait = float(said)
    except ValueError:
        try:
            wait = email.utils.parsedate_to_datetime(said).timestamp() - now
        except ValueError:
            return None
    return None if math.isnan(wait) else now + min(max(wait, 0.0), MAX_WAIT)
