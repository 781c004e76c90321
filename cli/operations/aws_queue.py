"""A queue looked through: each message once, hidden from others meanwhile, and given back unless it was deleted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

# How long what is looked at stays hidden, should this process die; and what is worked on.
PEEK_VISIBILITY_TIMEOUT, WORK_VISIBILITY_TIMEOUT = 60, 300
WAIT_SECONDS = 1  # seconds: it makes SQS ask all its servers
MAX_MESSAGES = 10_000
MAX_REPEATED_PAGES = 5  # pages with nothing new: their time was up, and they come again
_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


class Message(NamedTuple):
    """`sent`: epoch seconds; `told`: its attributes, as text."""

    id: str
    body: str
    sent: float
    told: dict[str, str]
    receipt: str


class LeasedMessages:
    """Ends where SQS has nothing new, or after 10,000 messages."""

    def __init__(self, sqs: Any, url: str, seconds: int) -> None:
        self._sqs, self._url, self._seconds = sqs, url, seconds
        self._held: dict[str, str] = {}
        self._gone: set[str] = set()

    def __enter__(self) -> LeasedMessages:
        return self

    def __exit__(self, *_: object) -> None:
        """What can't be given back comes back by itself when its time is up."""
        kept = [(name, receipt) for name, receipt in self._held.items() if name not in self._gone]
        with contextlib.suppress(self._sqs.exceptions.ClientError):
            for start in range(0, len(kept), 10):
                entries = [
                    {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                    for number, (_, receipt) in enumerate(kept[start : start + 10])
                ]
                self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

    def __iter__(self) -> Iterator[Message]:
        stale = 0
        while len(self._held) < MAX_MESSAGES and stale < MAX_REPEATED_PAGES:
            page = self._receive()
            fresh = [each for each in page if each.id not in self._held]
            self._held |= {each.id: each.receipt for each in page}
            yield from fresh
            if not page:
                return
            stale = 0 if fresh else stale + 1

    def delete(self, message: Message) -> None:
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)
        self._gone.add(message.id)

    def _receive(self) -> list[Message]:
        page = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=self._seconds,
            WaitTimeSeconds=WAIT_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        return [_message(each) for each in page.get("Messages", [])]


def message_counts(sqs: Any, url: str) -> int:
    """About how many messages there are, with those that somebody is looking at."""
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))["Attributes"]
    return sum(int(found[each]) for each in _COUNTS)


def _message(each: dict[str, Any]) -> Message:
    told = {name: str(value.get("StringValue", "")) for name, value in each.get("MessageAttributes", {}).items()}
    sent = int(each["Attributes"]["SentTimestamp"]) / 1000
    return Message(each["MessageId"], each["Body"], sent, told, each["ReceiptHandle"])
