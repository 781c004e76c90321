"""The keys of the X app, from Secrets Manager."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.errors import Temporary
from twbot.lambdas.ports import Keys


class ManagedSecrets:
    """Secrets: {"ApiKey", "ApiSecret", "AccessToken", "AccessTokenSecret", "BearerToken"?}, read once a container."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name
        self._keys: Keys | None = None
        self._read_at = 0.0

    def keys(self) -> Keys:
        """Raises Temporary."""
        return self._keys or self.refresh()

    def keys_within(self, seconds: float) -> Keys:
        """The keys as they were no longer ago than this. Raises Temporary."""
        return self.refresh() if time.monotonic() - self._read_at > seconds else self.keys()

    def refresh(self) -> Keys:
        """Read them again: somebody may have put new ones there. Raises Temporary."""
        try:
            answer = self._client.get_secret_value(SecretId=self._name)
        except (ClientError, BotoCoreError) as error:
            what = error_code(error)
            raise Temporary(f"Cannot read the secret {self._name}: {what}.") from None
        self._keys = _decode(answer.get("SecretString") or "", self._name)
        self._read_at = time.monotonic()
        return self._keys


def _decode(content: str, name: str) -> Keys:
    """Temporary, as somebody can put it right while X or the queue tries again."""
    try:
        keys = msgspec.json.decode(content, type=Keys)
    except msgspec.ValidationError as error:  # names a field, never a value
        raise Temporary(f"The secret {name} is not complete: {error}") from None
    except ValueError:
        raise Temporary(f"The secret {name} is not JSON.") from None
    if not keys.complete:
        raise Temporary(f"The secret {name} is not complete: one of the keys is empty.")
    return keys
