"""The webhooks that receive alerts, from a SecureString of Parameter Store.

Its value is JSON: [{"kind": "slack", "address": "https://…"}]. Why it is no setting: docs/decisions/0006.
"""

from __future__ import annotations

import time
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from twbot.lambdas.alerting.subscription import Subscription
from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.errors import Temporary

CACHE_SECONDS = 60.0


class AlertAddresses:
    """Reads the subscriptions and caches them for a minute."""

    def __init__(self, client: Any, parameter: str) -> None:
        self._client, self._parameter = client, parameter
        self._read: list[Subscription] = []
        self._read_at = -CACHE_SECONDS

    def subscriptions(self) -> list[Subscription]:
        """Return the subscriptions, at most a minute old. Raises Temporary."""
        fresh = time.monotonic() - self._read_at < CACHE_SECONDS
        return self._read if fresh else self.refresh()

    def refresh(self) -> list[Subscription]:
        """Read the subscriptions again. Raises Temporary."""
        try:
            content = self._client.get_parameter(Name=self._parameter, WithDecryption=True)["Parameter"]["Value"]
        except (ClientError, BotoCoreError) as error:
            code = error_code(error)
            if code != "ParameterNotFound":
                raise Temporary(f"Cannot read the parameter {self._parameter}: {code}.") from None
            # `twbot alerts subscribe` creates the parameter: without it nobody has subscribed.
            content = "[]"
        self._read = _decode(content, self._parameter)
        self._read_at = time.monotonic()
        return self._read


def _decode(content: str, name: str) -> list[Subscription]:
    """Parse the parameter. Raises Temporary: an operator can correct it while Lambda retries."""
    try:
        return msgspec.json.decode(content, type=list[Subscription])
    except msgspec.ValidationError as error:  # names a field, never a value: addresses are secrets
        raise Temporary(f"The parameter {name} does not list subscriptions: {error}") from None
    except ValueError:
        raise Temporary(f"The parameter {name} is not JSON.") from None
