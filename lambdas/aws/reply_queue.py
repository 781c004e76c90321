"""The SQS queue of SEND_TWEET: defers messages and moves unreadable ones to the dead-letter queue."""

from __future__ import annotations

import random
import time
from typing import Any

from twbot.lambdas.errors import Temporary

# Seconds.
FIRST_WAIT, MAX_WAIT = 15, 900
# SQS hides a message for at most 12 hours, counted from its receipt; two minutes are for the work done since then.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
MAX_VISIBILITY_TIMEOUT = 12 * 3600 - 120


class ReplyQueue:
    """The queue of replies.

    Its calls raise boto3's exceptions: the message then returns after the queue's visibility timeout.
    """

    def __init__(self, client: Any, url: str, dead_letters: str | None) -> None:
        self._client, self._url, self._dead_letters = client, url, dead_letters

    def defer(self, receipt: str, tries: int, problem: Temporary) -> int:
        """Hide the message until X takes replies again, or longer after each try. Return the seconds."""
        if problem.retry_at is None:
            wait = min(MAX_WAIT, FIRST_WAIT * 2.0 ** (tries - 1)) * random.uniform(0.5, 1)  # noqa: S311
        else:
            wait = problem.retry_at - time.time() + 1
        seconds: int = round(max(1, min(wait, MAX_VISIBILITY_TIMEOUT)))
        self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds)
        return seconds

    def dead_letter(self, body: str, reason: str) -> bool:
        """Send the body to the dead-letter queue, with the reason. Return False where no queue is configured."""
        if not self._dead_letters:
            return False
        # The attribute that EventBridge uses, so that `twbot dlq` reads all dead letters alike:
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
        attributes = {"ERROR_MESSAGE": {"DataType": "String", "StringValue": reason[:1000] or "unknown"}}
        self._client.send_message(QueueUrl=self._dead_letters, MessageBody=body, MessageAttributes=attributes)
        return True
