"""What the bot and the process that posts its replies say to each other."""

from __future__ import annotations

from typing import Any

import msgspec

from twbot.lambdas.contracts import Entry, Event
from twbot.lambdas.errors import BadEvent, Permanent, Temporary
from twbot.local.channel import Message

# What decides what the bus does with a failed delivery (local/bus/routes.py).
_KINDS: dict[str, type[Exception]] = {"temporary": Temporary, "permanent": Permanent, "bad-event": BadEvent}


class Setup(Message, frozen=True):
    """The first message to the process."""

    x_url: str
    made_with_ai: bool


class Handle(Message, frozen=True):
    """Handle an event of the queue of replies."""

    event: Event


class Line(Message, frozen=True):
    """A record of the process's log."""

    logger: str
    level: int
    text: str
    fields: dict[str, Any]


class Handled(Message, frozen=True):
    """The event is handled."""

    entries: list[Entry]
    """What is to be published."""
    lines: list[Line]


class Failed(Message, frozen=True):
    """Handling the event raised."""

    kind: str
    """A key of _KINDS; "other" for any other exception."""
    name: str
    """The exception's class, which is a part of what a dead letter says."""
    text: str
    retry_at: float | None
    lines: list[Line]

    @classmethod
    def of(cls, error: Exception, lines: list[Line]) -> Failed:
        kind = next((kind for kind, base in _KINDS.items() if isinstance(error, base)), "other")
        return cls(kind, type(error).__name__, str(error), getattr(error, "retry_at", None), lines)

    def error(self) -> Exception:
        """Return an exception with the name and the text of the one that was raised."""
        error: Exception = type(self.name, (_KINDS.get(self.kind, Exception),), {})(self.text)
        if isinstance(error, Temporary):
            error.retry_at = self.retry_at
        return error


Answer = Handled | Failed
answers = msgspec.json.Decoder(Answer)
requests = msgspec.json.Decoder(Handle)
