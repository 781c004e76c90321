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
    """The Secrets on AWS, read once per execution environment.

    The secret is JSON: {"ApiKey", "ApiSecret", "AccessToken", "AccessTokenSecret", "BearerToken"?}
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name
        self._keys: Keys | None = None
        self._read_at = 0.0

    def keys(self) -> Keys:
        """Return the cached keys. Raises Temporary."""
        return self._keys or self.refresh()

    def keys_within(self, seconds: float) -> Keys:
        """Return the keys, read at most so many seconds ago. Raises Temporary."""
        return self.refresh() if time.monotonic() - self._read_at > seconds else self.keys()

    def refresh(self) -> Keys:
        """Read the keys again, as an operator may have replaced them. Raises Temporary."""
        try:
            answer = self._client.get_secret_value(SecretId=self._name)
        except (ClientError, BotoCoreError) as error:
            raise Temporary(f"Cannot read the secret {self._name}: {error_code(error)}.") from None
        self._keys = _decode(answer.get("SecretString") or "", self._name)
        self._read_at = time.monotonic()
        return self._keys


def _decode(content: str, name: str) -> Keys:
    """Parse the secret. Raises Temporary: an operator can correct it while X or the queue retries."""
    try:
        keys = msgspec.json.decode(content, type=Keys)
    except msgspec.ValidationError as error:  # names a field, never a value
        raise Temporary(f"The secret {name} is not complete: {error}") from None
    except ValueError:
        raise Temporary(f"The secret {name} is not JSON.") from None
    if not keys.complete:
        raise Temporary(f"The secret {name} is not complete: one of the keys is empty.")
    return keys
