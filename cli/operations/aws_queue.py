"""The messages of an SQS queue: each is received once, and given back unless it was deleted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

# Seconds for which nobody else receives a message, also where this process dies before it gives the message back.
# Delivering messages again takes longer than reading them.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
PEEK_VISIBILITY_TIMEOUT, WORK_VISIBILITY_TIMEOUT = 60, 300
# Long polling: SQS asks all of its servers, where a short poll may miss messages.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
WAIT_SECONDS = 1
MAX_MESSAGES = 10_000
# Messages whose visibility timeout has expired come again. After this many pages without a new one, all were received.
MAX_REPEATED_PAGES = 5
# The most messages of one call. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
BATCH_SIZE = 10
_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


class Message(NamedTuple):
    """A message that was received."""

    id: str
    body: str
    sent: float
    """When it was sent to the queue, in epoch seconds."""
    attributes: dict[str, str]
    """Its message attributes, as text."""
    receipt: str
    """The handle with which it is deleted or given back."""


class LeasedMessages:
    """The messages of a queue, each once and hidden from others until the `with` block ends.

    Iteration ends where SQS has nothing new, or after MAX_MESSAGES. `visibility_timeout` is in seconds.
    """

    def __init__(self, sqs: Any, url: str, visibility_timeout: int) -> None:
        self._sqs, self._url, self._visibility_timeout = sqs, url, visibility_timeout
        self._receipts: dict[str, str] = {}
        self._deleted: set[str] = set()

    def __enter__(self) -> LeasedMessages:
        return self

    def __exit__(self, *_: object) -> None:
        """Give back what was not deleted."""
        receipts = [receipt for name, receipt in self._receipts.items() if name not in self._deleted]
        # A failure costs time only: the visibility timeout gives the messages back, too.
        with contextlib.suppress(self._sqs.exceptions.ClientError):
            for start in range(0, len(receipts), BATCH_SIZE):
                entries = [
                    {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                    for number, receipt in enumerate(receipts[start : start + BATCH_SIZE])
                ]
                self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

    def __iter__(self) -> Iterator[Message]:
        repeated = 0
        while len(self._receipts) < MAX_MESSAGES and repeated < MAX_REPEATED_PAGES:
            page = self._receive()
            new = [message for message in page if message.id not in self._receipts]
            # Also of messages that came again: only the newest receipt of a message works for sure.
            self._receipts |= {message.id: message.receipt for message in page}
            yield from new
            if not page:
                return
            repeated = 0 if new else repeated + 1

    def delete(self, message: Message) -> None:
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)
        self._deleted.add(message.id)

    def _receive(self) -> list[Message]:
        page = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=BATCH_SIZE,
            VisibilityTimeout=self._visibility_timeout,
            WaitTimeSeconds=WAIT_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        return [_message(each) for each in page.get("Messages", [])]


def message_counts(sqs: Any, url: str) -> int:
    """Return about how many messages a queue has, including those that are hidden at the moment."""
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))["Attributes"]
    return sum(int(attributes[name]) for name in _COUNTS)


def _message(each: dict[str, Any]) -> Message:
    attributes = {name: str(value.get("StringValue", "")) for name, value in each.get("MessageAttributes", {}).items()}
    sent = int(each["Attributes"]["SentTimestamp"]) / 1000  # SQS counts milliseconds
    return Message(each["MessageId"], each["Body"], sent, attributes, each["ReceiptHandle"])
