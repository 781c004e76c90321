"""The queue of SEND_TWEET: how long a reply waits until it is tried again, and where one goes that can't be read."""

from __future__ import annotations

import random
import time
from typing import Any

from twbot.lambdas.errors import Temporary

FIRST_WAIT, MAX_WAIT = 15, 900
# SQS lets nothing be hidden for longer, counted from when it was received.
MAX_VISIBILITY_TIMEOUT = 12 * 3600 - 120


class ReplyQueue:
    """Raises what boto3 raises: the message then comes back when its time is up."""

    def __init__(self, client: Any, url: str, dead_letters: str | None) -> None:
        self._client, self._url, self._dead_letters = client, url, dead_letters

    def defer(self, receipt: str, tries: int, problem: Temporary) -> int:
        """Hide the message until X takes replies again, else longer each time. For how many seconds."""
        if problem.retry_at is None:
            wait = min(MAX_WAIT, FIRST_WAIT * 2.0 ** (tries - 1)) * random.uniform(0.5, 1)  # noqa: S311
        else:
            wait = problem.retry_at - time.time() + 1
        seconds: int = round(max(1, min(wait, MAX_VISIBILITY_TIMEOUT)))
        self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds)
        return seconds

    def dead_letter(self, body: str, reason: str) -> bool:
        """Among the dead letters, with the reason. False where nobody said where they are."""
        if not self._dead_letters:
            return False
        told = {"ERROR_MESSAGE": {"DataType": "String", "StringValue": reason[:1000] or "unknown"}}
        self._client.send_message(QueueUrl=self._dead_letters, MessageBody=body, MessageAttributes=told)
        return True
