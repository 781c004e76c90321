"""tests/conversations.toml: what is said to the bot, and what is expected of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import msgspec

from twbot.lambdas.errors import ErrorKind, TwbotError
from twbot.lambdas.folder.records import USERNAME, Function, SecretName, Table
from twbot.lambdas.folder.toml_file import Parsed, parse_toml

FILE = Path("tests") / "conversations.toml"
EXAMPLE = '[[conversations]] text = "When do you open?" reply = "*9 to 6*"'


class Conversation(Table, frozen=True, kw_only=True):
    """[[conversations]]: a post, and what is expected. What is left out is not looked at.

    A table [secrets] of the file gives the functions their secrets, by name: those that are stored are not read here.
    """

    text: str
    """The post. The bot is mentioned, unless the text does it."""
    name: str | None = None
    """What the conversation is called; else as its text."""
    author: Annotated[str, msgspec.Meta(pattern=USERNAME)] = msgspec.field(name="as", default="alice")
    """Who posts it: a username."""
    image: str | None = None
    """A picture, by its path from the folder of this file, or one that comes with twbot, such as sample:coffee."""
    followers: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Followers of the author."""
    verified: bool = False
    """Whether the author has a check mark."""
    language: str | None = None
    """Language of the text as X tells it, ISO 639-1; left out, X can't tell."""
    intent: str | None = None
    """Name of the intent that it is; FallbackIntent for none."""
    reply: str | bool | None = None
    """The reply, in which * is any text; false: there is none; true: there is one."""
    alert: bool | None = None
    """Whether it raises an alert."""
    events: list[str] | None = None
    """Types of the events that it causes. No other of the bot's own may be among them."""
    by: Function | None = None
    """The function that answered."""

    @property
    def title(self) -> str:
        return self.name or self.text


class ConversationsFile(Table, frozen=True, kw_only=True):
    """tests/conversations.toml."""

    conversations: list[Conversation]
    secrets: dict[SecretName, str] = msgspec.field(default_factory=dict)
    """Secrets of the functions for the tests, by their names. The real ones are not read."""


class Difference(msgspec.Struct, frozen=True):
    """Something that is otherwise than expected."""

    what: str
    """The key of the expectation."""
    expected: Any
    got: Any


def read_conversations(folder: Path) -> Parsed[ConversationsFile]:
    """Return the conversations of a bot's folder. Raises TwbotError: file, line, fault."""
    path = folder / FILE
    try:
        parsed = parse_toml(path, ConversationsFile)
    except FileNotFoundError:
        raise TwbotError(f"There is no {FILE}.", f"Write one, such as: {EXAMPLE}", kind=ErrorKind.NOT_FOUND) from None
    if parsed.faults or parsed.value is None:
        line, says = parsed.faults[0]
        raise TwbotError(f"{path}:{line}: {says}", "See all of them: twbot check")
    return parsed


def matches(pattern: str, text: str) -> bool:
    """Return whether a text is as a pattern, in which * is any text."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
