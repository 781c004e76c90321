"""The dead letters of a stage on AWS: read without being consumed, delivered again, purged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from twbot.cli.operations.aws_errors import AwsError, NotDeployed
from twbot.cli.operations.aws_queue import (
    PEEK_VISIBILITY_TIMEOUT,
    WORK_VISIBILITY_TIMEOUT,
    LeasedMessages,
    Message,
    message_counts,
)
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.dead_letters.aws_messages import dead_letter_of
from twbot.cli.operations.dead_letters.aws_redrive import Redriving
from twbot.cli.operations.dead_letters.records import DeadLetter, DeadLetterBatch
from twbot.lambdas.wiring import OWN, service_of, services_with_dead_letters
from twbot.stacks.names import dead_letters_name

Found = tuple[DeadLetter, str]  # a dead letter, and the body of its message


class AwsDeadLetters:
    """The dead-letter queues of a stage, one for each microservice.

    SQS returns messages in no order and knows their number only approximately.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html
    """

    def __init__(self, bot: AwsBot) -> None:
        self._bot, self._sqs = bot, bot.client("sqs")
        self._found: dict[str, Found] = {}

    def read(self, *, rule: str | None = None) -> DeadLetterBatch:
        """Read the queues. Meanwhile their messages are hidden from other readers. Raises NotDeployed."""
        queues = self._queues(rule)
        with ThreadPoolExecutor(len(queues)) as pool:  # at once: each queue takes seconds
            batches = list(pool.map(self._read_queue, queues, queues.values()))
        self._found = {letter.id: (letter, body) for found, _ in batches for letter, body in found}
        read = sorted((each for each, _ in self._found.values()), key=lambda each: each.ended or 0)
        hidden = sum(count for _, count in batches)
        return DeadLetterBatch([each for each in read if rule in {None, each.rule}], hidden)

    def _read_queue(self, service: str, url: str) -> tuple[list[Found], int]:
        """Return the dead letters of a queue, and about how many more there are."""
        with self._bot.translate_errors():
            total = message_counts(self._sqs, url)
            with LeasedMessages(self._sqs, url, PEEK_VISIBILITY_TIMEOUT) as messages:
                found = [(dead_letter_of(message, service, self._bot.config), message.body) for message in messages]
        return found, max(0, total - len(found))

    def event(self, letter: DeadLetter) -> object:
        """Return the body of the message: its JSON, or its text where it is no JSON."""
        _, body = self._found[letter.id]
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return body

    def redrive(self, ids: Sequence[str]) -> Iterator[int]:
        """Deliver each to the target that did not accept it, then delete it. Yields how many are done.

        An interruption in between costs a second delivery at most, and loses nothing.
        """
        return self._each(ids, Redriving(self._bot).deliver)

    def purge(self, ids: Sequence[str]) -> Iterator[int]:
        """Delete each. Yields how many are done."""
        return self._each(ids, lambda *_: None)

    def purge_all(self) -> int:
        """Purge all queues. Returns about how many messages they had."""
        total = 0
        for service, url in self._queues().items():
            with self._bot.translate_errors():
                count = message_counts(self._sqs, url)
                if count:
                    self._purge_queue(service, url)
            total += count
        return total

    def _purge_queue(self, service: str, url: str) -> None:
        # SQS purges a queue once in 60 seconds.
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html
        try:
            self._sqs.purge_queue(QueueUrl=url)
        except self._sqs.exceptions.PurgeQueueInProgress:
            message = (
                f"The dead letters of {service} were purged within the last 60 seconds; SQS does that once a minute."
            )
            raise AwsError(message, "Try again in a minute") from None

    def _each(self, ids: Sequence[str], work: Callable[[DeadLetter, Message], None]) -> Iterator[int]:
        """Call `work` with each, delete it, and yield how many are done."""
        remaining, done = set(ids), 0
        named = {service_of(self._found[each][0].rule) or OWN for each in remaining & self._found.keys()}
        for service, url in self._queues().items():
            if service not in named:
                continue
            # SQS can't receive a message by its id: all are received until the chosen ones are found.
            with self._bot.translate_errors(), LeasedMessages(self._sqs, url, WORK_VISIBILITY_TIMEOUT) as messages:
                for message in messages:
                    if message.id in remaining:
                        work(dead_letter_of(message, service, self._bot.config), message)
                        messages.delete(message)
                        remaining.discard(message.id)
                        done += 1
                        yield done
                    if not remaining:
                        return

    def _queues(self, rule: str | None = None) -> dict[str, str]:
        """Return the URLs of the queues by service. Raises NotDeployed where the stage has none at all."""
        found: dict[str, str] = {}
        named = services_with_dead_letters() if rule is None else (service_of(rule) or OWN,)
        with self._bot.translate_errors():
            for service in named:
                if (url := self._url(service)) is not None:
                    found[service] = url
        if not found:
            region, name = self._sqs.meta.region_name, dead_letters_name(self._bot.config, named[0])
            missing = f"The stage {self._bot.name} is not deployed in {region}: it has no queue {name}."
            raise NotDeployed(missing, self._bot.name)
        return found

    def _url(self, service: str) -> Any:
        try:
            return self._sqs.get_queue_url(QueueName=dead_letters_name(self._bot.config, service))["QueueUrl"]
        except self._sqs.exceptions.QueueDoesNotExist:
            return None
