"""Dead letters, one by one and in groups, as operators see them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a rule's target did not accept, however often it was delivered."""

    id: str
    """The number of the delivery on this machine, the id of the SQS message on AWS."""
    rule: str
    event_id: str | None = None
    detail_type: str | None = None
    time: str | None = None
    """The time of the event, as the event has it."""
    tweet_id: str | None = None
    """The post that the event is about."""
    attempts: int | None = None
    """How often it was delivered; None where nobody counts."""
    first_try: float | None = None
    """Epoch seconds. On AWS: the time of the event."""
    ended: float | None = None
    """When it became a dead letter, in epoch seconds."""
    error: str | None = None
    """The class of the last error, a colon, and its text."""
    redriven: int | None = None
    """How often it was delivered again before, where that is known."""
    obstacle: str | None = None
    """Why it can't be delivered again; None where it can."""

    @property
    def reason(self) -> str:
        """The class of the error."""
        return (self.error or "").partition(":")[0].strip() or "unknown"


class DeadLetterBatch(msgspec.Struct, frozen=True):
    """The dead letters that could be read, the oldest first."""

    seen: list[DeadLetter]
    hidden: int = 0
    """About how many more there are. On AWS another reader may hide them for a while."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The dead letters of one rule with the same reason."""

    rule: str
    reason: str
    count: int
    newest: float
    """When the newest became one, in epoch seconds."""
    error: str | None
    """The error of the last one."""
    ids: list[str]


def grouped(letters: Iterable[DeadLetter]) -> list[Group]:
    """Group dead letters by rule and reason, the largest group first."""
    found: dict[tuple[str, str], list[DeadLetter]] = {}
    for each in letters:
        found.setdefault((each.rule, each.reason), []).append(each)
    groups = [
        Group(
            rule=rule,
            reason=reason,
            count=len(members),
            newest=max(each.ended or 0 for each in members),
            error=members[-1].error,
            ids=[each.id for each in members],
        )
        for (rule, reason), members in found.items()
    ]
    return sorted(groups, key=lambda group: -group.count)


def no_such_rule(rule: str) -> str:
    """Return the obstacle of a dead letter whose rule the bot's folder does not have any more."""
    return f"there is no rule {rule} any more; put it back, or purge it: twbot dlq purge --rule {rule}"
