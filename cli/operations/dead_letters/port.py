"""Dead letters: the port, and the choice of its adapter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.cli.operations.dead_letters.records import DeadLetter, DeadLetterBatch


class DeadLetters(Protocol):
    """Events that targets did not accept, however often they were delivered. Raises TwbotError."""

    def read(self, *, rule: str | None = None) -> DeadLetterBatch:
        """Return the dead letters without consuming them. The other calls take what the last one returned."""

    def event(self, letter: DeadLetter) -> object:
        """Return the event as it was sent; None where it is not known."""

    def redrive(self, ids: Sequence[str]) -> Iterator[int]:
        """Deliver each again to the target of its rule. Yields how many are done, as it goes on."""

    def purge(self, ids: Sequence[str]) -> Iterator[int]:
        """Delete them. Yields how many are deleted, as it goes on."""

    def purge_all(self) -> int:
        """Delete all, also those that `read` did not return. Returns about how many there were."""


def dead_letters_of(target: Target) -> DeadLetters:
    """Return the dead letters of a bot. Raises CliError."""
    if target.is_local:
        from twbot.cli.operations.dead_letters.local import LocalDeadLetters

        return LocalDeadLetters(target.folder())
    from twbot.cli.operations.dead_letters.aws import AwsDeadLetters

    return AwsDeadLetters(target.aws())
