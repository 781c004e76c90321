"""Dead letters: the port, and what stands behind it on either platform."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.cli.operations.dead_letters.records import DeadLetter, DeadLetterBatch


class DeadLetters(Protocol):
    """What targets did not take, however often it was tried."""

    def read(self, *, rule: str | None = None) -> DeadLetterBatch:
        """Those that are there, not consumed; the other calls are about what this has found."""

    def event(self, letter: DeadLetter) -> object:
        """As it was sent, where it is known."""

    def redrive(self, ids: Sequence[str]) -> Iterator[int]:
        """Deliver them again, each to the rule that failed; how many are done, as it goes on."""

    def purge(self, ids: Sequence[str]) -> Iterator[int]:
        """Forget them; how many are gone, as it goes on."""

    def purge_all(self) -> int:
        """Forget also what was not seen; about how many that were."""


def dead_letters_of(target: Target) -> DeadLetters:
    if target.is_local:
        from twbot.cli.operations.dead_letters.local import LocalDeadLetters

        return LocalDeadLetters(target.folder())
    from twbot.cli.operations.dead_letters.aws import AwsDeadLetters

    return AwsDeadLetters(target.aws())
