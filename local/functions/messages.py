"""What the bot and a process with functions say to each other."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from twbot.lambdas.contracts import Entry, Event
from twbot.lambdas.errors import BadEvent, FunctionFailed, Permanent, Temporary, TwbotError
from twbot.lambdas.folder.records import EventFields
from twbot.local.channel import Message

Level = Literal[10, 20, 30, 40, 50]


# To the process


class Request(Message, frozen=True):
    """Call a function."""

    run: str
    event: Event
    timeout: float
    """Seconds."""
    secrets: dict[str, str]
    settings: dict[str, Any]
    events: EventFields
    links: list[str]


class Answer(Message, frozen=True):
    """The answer to what a function asked for."""

    value: msgspec.Raw


# From the process


class Started(Message, frozen=True):
    """The function is imported and called now."""


class Line(Message, frozen=True):
    """A line that the function logged or printed."""

    level: int
    text: str
    traceback: str | None = None


class Publish(Message, frozen=True):
    """Put entries on the bus. Answered with null."""

    entries: list[Entry]


class Fix(Message, frozen=True):
    """Fix a value. Answered with what is fixed."""

    key: str
    value: str


class Add(Message, frozen=True):
    """Add to a number. Answered with the sum."""

    key: str
    amount: float


class Get(Message, frozen=True):
    """Read a picture. Answered with its bytes, or null where there is none."""

    key: str


class Put(Message, frozen=True):
    """Store a picture. Answered with null."""

    key: str
    data: bytes
    content_type: str


class Returned(Message, frozen=True):
    """The function returned. Nothing follows."""

    value: msgspec.Raw


class Raised(Message, frozen=True):
    """Something raised: the function, where it comes from the process, else what the function asked for."""

    kind: Literal["temporary", "permanent", "bad-event", "failed"]
    text: str
    retry_at: float | None = None
    traceback: str | None = None

    @classmethod
    def of(cls, error: TwbotError) -> Raised:
        if isinstance(error, Temporary):
            return cls("temporary", str(error), retry_at=error.retry_at)
        if isinstance(error, Permanent):
            return cls("permanent", str(error))
        if isinstance(error, BadEvent):
            return cls("bad-event", str(error))
        return cls("failed", str(error), traceback=error.traceback if isinstance(error, FunctionFailed) else None)

    def error(self) -> TwbotError:
        """Return what was raised, by its kind."""
        if self.kind == "temporary":
            return Temporary(self.text, retry_at=self.retry_at)
        if self.kind == "failed":
            return FunctionFailed(self.text, traceback=self.traceback)
        return Permanent(self.text) if self.kind == "permanent" else BadEvent(self.text)


Down = Request | Answer | Raised
Asked = Publish | Fix | Add | Get | Put
Up = Started | Line | Asked | Returned | Raised
