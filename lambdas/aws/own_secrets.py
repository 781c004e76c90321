"""The secrets of the bot's own functions, from Secrets Manager."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.errors import Temporary
from twbot.lambdas.own.secret_names import secret_name

# What Secrets Manager answers about a secret that nobody stored, or that is being deleted. AccessDeniedException, as
# the role allows the ARNs of stored secrets, which end with six characters more:
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html
_ABSENT = ("ResourceNotFoundException", "InvalidRequestException", "AccessDeniedException")

# Seconds that a value is used for: each call would cost money, and a new one has to arrive some time.
CACHED = 300.0
_log = logging.getLogger(__name__)


class OwnSecrets:
    """The secrets of a stage, each read when a function first needs it."""

    def __init__(self, client: Any, stage: str) -> None:
        self._client, self._stage = client, stage
        self._found: dict[str, tuple[float, str]] = {}

    def values(self, names: Sequence[str]) -> dict[str, str]:
        """Return the values of these secrets, without those that nobody stored. Raises Temporary."""
        found = {name: self._value(name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    def _value(self, name: str) -> str | None:
        read_at, value = self._found.get(name, (0.0, ""))
        if read_at and time.monotonic() - read_at < CACHED:
            return value
        try:
            value = str(self._client.get_secret_value(SecretId=secret_name(self._stage, name))["SecretString"])
        except (ClientError, BotoCoreError) as error:
            if error_code(error) in _ABSENT:
                _log.warning("the secret %s cannot be had: %s", name, error_code(error))
                return None
            raise Temporary(f"Cannot read the secret {name}: {error_code(error)}.") from None
        self._found[name] = (time.monotonic(), value)
        return value
