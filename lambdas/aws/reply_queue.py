"""The SQS queue of SEND_TWEET: defers messages and moves those that are given up to the dead-letter queue."""

from __future__ import annotations

import random
import time
from typing import Any

# Seconds.
FIRST_WAIT, MAX_WAIT = 15, 900
# Failures until a reply is given up, after about six hours. Waits that X asked for do not count.
MAX_TRIES = 30
# SQS hides a message for at most 12 hours, counted from its receipt; two minutes are for the work done since then.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
MAX_VISIBILITY_TIMEOUT = 12 * 3600 - 120
# SQS deletes a message that is older than the queue's retention period, without a dead letter:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
MAX_AGE = 7 * 24 * 3600


class ReplyQueue:
    """The queue of replies.

    Its calls raise boto3's exceptions: the message then returns after the queue's visibility timeout.
    """

    def __init__(self, client: Any, url: str, dead_letters: str | None) -> None:
        self._client, self._url, self._dead_letters = client, url, dead_letters

    def hide(self, receipt: str, until: float, receives: int) -> int:
        """Hide a message until X takes replies again (epoch seconds). Return the seconds."""
        # Not all until the same second, and the wider the more often it came back: X's next window takes only some.
        spread = random.uniform(0, 30 * (receives - 1))  # noqa: S311
        return self._hide(receipt, until - time.time() + 1 + spread)

    def back_off(self, receipt: str, tries: int) -> int:
        """Hide a message after its `tries`th failure, longer after each. Return the seconds."""
        return self._hide(receipt, min(MAX_WAIT, FIRST_WAIT * 2.0 ** (tries - 1)) * random.uniform(0.5, 1))  # noqa: S311

    def renew(self, body: str) -> None:
        """Send a message again, with an age of zero."""
        self._client.send_message(QueueUrl=self._url, MessageBody=body)

    def dead_letter(self, body: str, reason: str) -> bool:
        """Send the body to the dead-letter queue, with the reason. Return False where no queue is configured."""
        if not self._dead_letters:
            return False
        # The attribute that EventBridge uses, so that `twbot dlq` reads all dead letters alike:
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
        attributes = {"ERROR_MESSAGE": {"DataType": "String", "StringValue": reason[:1000] or "unknown"}}
        self._client.send_message(QueueUrl=self._dead_letters, MessageBody=body, MessageAttributes=attributes)
        return True

    def _hide(self, receipt: str, wait: float) -> int:
        seconds = round(max(1, min(wait, MAX_VISIBILITY_TIMEOUT)))
        self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds)
        return seconds
