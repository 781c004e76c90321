"""Posts an alert to a webhook, as plain JSON, for Slack or for Discord. No error contains the address."""

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

# Seconds to connect and to read; 3.05 is just above TCP's first retransmission:
# https://requests.readthedocs.io/en/latest/user/advanced/#timeouts
TIMEOUTS = (3.05, 10.0)
# Seconds.
MAX_WAIT = 3600.0
JSON = {"Content-Type": "application/json"}
# Without `wait` Discord answers before it has stored the message, and reports no failure.
_QUERY: dict[str, dict[str, str]] = {"discord": {"wait": "true"}}

# At DEBUG it logs the path of each request, which is the secret part of a webhook's address.
logging.getLogger("urllib3").setLevel(logging.INFO)


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
            _session() as session,
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


def _session() -> requests.Session:
    session = requests.Session()
    # No proxy and no .netrc of the environment: neither may see the address.
    session.trust_env = False
    session.mount("https://", PublicOnly(_refuse_private_network))
    return session


def _refuse_private_network() -> TwbotError:
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


def _retry_at(header: str | None) -> float | None:
    """Return the epoch seconds that a Retry-After header names, at most an hour ahead; None where it is unreadable.

    It is a number of seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    if header is None:
        return None
    now = time.time()
    try:
        wait = float(header)
    except ValueError:
        try:
            wait = email.utils.parsedate_to_datetime(header).timestamp() - now
        except ValueError:
            return None
    return None if math.isnan(wait) else now + min(max(wait, 0.0), MAX_WAIT)
