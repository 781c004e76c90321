"""Dead letters as operators see them, on this machine and on AWS."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a rule's target did not take, however often it was tried. Times are epoch seconds.

    `id`: the delivery's number on this machine, SQS's message id on AWS. `redriven`: how often it was delivered again
    before, where that is known. `obstacle`: why it can't be delivered again. `attempts`: None where nobody counted.
    """

    id: str
    rule: str
    event_id: str | None = None
    detail_type: str | None = None
    time: str | None = None
    tweet_id: str | None = None
    attempts: int | None = None
    first_try: float | None = None
    ended: float | None = None
    error: str | None = None
    redriven: int | None = None
    obstacle: str | None = None

    @property
    def reason(self) -> str:
        """The error's class."""
        return (self.error or "").partition(":")[0].strip() or "unknown"


class DeadLetterBatch(msgspec.Struct, frozen=True):
    """The dead letters that were seen, the oldest first; `hidden`: about how many more there are."""

    seen: list[DeadLetter]
    hidden: int = 0


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Dead letters of one rule and reason; `error` is the last one's."""

    rule: str
    reason: str
    count: int
    newest: float
    error: str | None
    ids: list[str]


def grouped(letters: Iterable[DeadLetter]) -> list[Group]:
    """By rule and reason, the largest first."""
    found: dict[tuple[str, str], list[DeadLetter]] = {}
    for each in letters:
        found.setdefault((each.rule, each.reason), []).append(each)
    groups = [
        Group(
            rule=rule,
            reason=reason,
            count=len(those),
            newest=max(each.ended or 0 for each in those),
            error=those[-1].error,
            ids=[each.id for each in those],
        )
        for (rule, reason), those in found.items()
    ]
    return sorted(groups, key=lambda group: -group.count)
