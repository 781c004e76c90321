"""The chats that hear of alerts, from Parameter Store: [{"kind": "slack", "address": "https://…"}], encrypted."""

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
    def __init__(self, client: Any, parameter: str) -> None:
        self._client, self._parameter = client, parameter
        self._read: list[Subscription] = []
        self._read_at = -CACHE_SECONDS

    def subscriptions(self) -> list[Subscription]:
        """As they were no longer than a minute ago. Raises Temporary."""
        fresh = time.monotonic() - self._read_at < CACHE_SECONDS
        return self._read if fresh else self.refresh()

    def refresh(self) -> list[Subscription]:
        """Raises Temporary."""
        try:
            found = self._client.get_parameter(Name=self._parameter, WithDecryption=True)["Parameter"]["Value"]
        except (ClientError, BotoCoreError) as error:
            what = error_code(error)
            if what != "ParameterNotFound":
                raise Temporary(f"Cannot read the parameter {self._parameter}: {what}.") from None
            found = "[]"
        self._read = _decode(found, self._parameter)
        self._read_at = time.monotonic()
        return self._read


def _decode(content: str, name: str) -> list[Subscription]:
    """Temporary, as somebody can put it right while Lambda tries again. Never shows what is in it."""
    try:
        return msgspec.json.decode(content, type=list[Subscription])
    except msgspec.ValidationError as error:
        raise Temporary(f"The parameter {name} does not list subscriptions: {error}") from None
    except ValueError:
        raise Temporary(f"The parameter {name} is not JSON.") from None
