"""The dead letters of a stage on AWS: looked at without being consumed, delivered again, purged."""

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
from twbot.lambdas.wiring import SERVICE_OF, SERVICES
from twbot.stacks.names import dead_letters_name

Found = tuple[DeadLetter, str]  # with its body


class AwsDeadLetters:
    """Each microservice has a queue of them; SQS gives them out in no order, and knows their number only about."""

    def __init__(self, bot: AwsBot) -> None:
        self._bot, self._sqs = bot, bot.client("sqs")
        self._found: dict[str, Found] = {}

    def read(self, *, rule: str | None = None) -> DeadLetterBatch:
        """Raises NotDeployed. Who else looks meanwhile sees none of them."""
        queues = self._queues(rule)
        with ThreadPoolExecutor(len(queues)) as pool:
            looks = list(pool.map(self._look, queues, queues.values()))
        self._found = {letter.id: (letter, body) for found, _ in looks for letter, body in found}
        read = sorted((each for each, _ in self._found.values()), key=lambda each: each.ended or 0)
        return DeadLetterBatch([each for each in read if rule in {None, each.rule}], sum(hidden for _, hidden in looks))

    def _look(self, service: str, url: str) -> tuple[list[Found], int]:
        """What lies in a queue, and about how many more there are."""
        with self._bot.translate_errors():
            there = message_counts(self._sqs, url)
            with LeasedMessages(self._sqs, url, PEEK_VISIBILITY_TIMEOUT) as holding:
                found = [(dead_letter_of(message, service, self._bot.config), message.body) for message in holding]
        return found, max(0, there - len(found))

    def event(self, letter: DeadLetter) -> object:
        """As it lies in the queue; its text where it is no JSON."""
        _, body = self._found[letter.id]
        try:
            return msgspec.json.decode(body)
        except msgspec.DecodeError:
            return body

    def redrive(self, ids: Sequence[str]) -> Iterator[int]:
        """To the target that did not take it, only then off the queue: an interruption costs a repetition at most."""
        return self._each(ids, Redriving(self._bot).deliver)

    def purge(self, ids: Sequence[str]) -> Iterator[int]:
        return self._each(ids, lambda *_: None)

    def purge_all(self) -> int:
        """Also what was not seen. About how many there were."""
        total = 0
        for service, url in self._queues().items():
            with self._bot.translate_errors():
                count = message_counts(self._sqs, url)
                if count:
                    self._purge_queue(service, url)
            total += count
        return total

    def _purge_queue(self, service: str, url: str) -> None:
        try:
            self._sqs.purge_queue(QueueUrl=url)
        except self._sqs.exceptions.PurgeQueueInProgress:
            message = (
                f"The dead letters of {service} were purged within the last 60 seconds; SQS does that once a minute."
            )
            raise AwsError(message, "Try again in a minute") from None

    def _each(self, ids: Sequence[str], work: Callable[[DeadLetter, Message], None]) -> Iterator[int]:
        """How many are done, after each."""
        wanted, done = set(ids), 0
        services = {SERVICE_OF[self._found[each][0].rule] for each in wanted & self._found.keys()}
        for service, url in self._queues().items():
            if service not in services:
                continue
            with self._bot.translate_errors(), LeasedMessages(self._sqs, url, WORK_VISIBILITY_TIMEOUT) as holding:
                for message in holding:
                    if message.id in wanted:
                        work(dead_letter_of(message, service, self._bot.config), message)
                        holding.delete(message)
                        wanted.discard(message.id)
                        done += 1
                        yield done
                    if not wanted:
                        return

    def _queues(self, rule: str | None = None) -> dict[str, str]:
        """The addresses of the queues, by service. Raises NotDeployed where there is none at all."""
        found: dict[str, str] = {}
        wanted = SERVICES if rule is None else (SERVICE_OF[rule],)
        with self._bot.translate_errors():
            for service in wanted:
                if (url := self._url(service)) is not None:
                    found[service] = url
        if not found:
            region, name = self._sqs.meta.region_name, dead_letters_name(self._bot.config, wanted[0])
            missing = f"The stage {self._bot.name} is not deployed in {region}: it has no queue {name}."
            raise NotDeployed(missing, self._bot.name)
        return found

    def _url(self, service: str) -> Any:
        try:
            return self._sqs.get_queue_url(QueueName=dead_letters_name(self._bot.config, service))["QueueUrl"]
        except self._sqs.exceptions.QueueDoesNotExist:
            return None
