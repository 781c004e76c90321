"""The definition of the chatbot, in chatbot.json. Both Lex V2 and the local chatbot are built from it."""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parent


class Intent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An intent of the chatbot."""

    name: str
    replies: list[str]
    """Replies to choose from."""
    utterances: list[str] = []
    """Examples of what people say."""
    fulfilled: bool = False
    """Whether the fulfilment function makes the reply instead."""
    cheerful: bool = False
    """Whether its reply would hurt somebody who is sad or angry: the fallback answers posts of negative sentiment."""


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A chatbot of one language."""

    name: str
    locale: str
    """As Lex writes it: en_US."""
    intents: list[Intent]
    fallback: Intent
    """Answers what matches no intent."""
    upset: list[str] = []
    """The fallback's replies to posts of negative sentiment. None: the same as to others."""


@functools.cache
def definition() -> Definition:
    """Return the definition of our chatbot."""
    return msgspec.json.decode((FOLDER / "chatbot.json").read_bytes(), type=Definition)


@functools.cache
def sayings(file: str) -> list[str]:
    """Return our own jokes or facts from a file of this folder."""
    return msgspec.json.decode((FOLDER / file).read_bytes(), type=list[str])
