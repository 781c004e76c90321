"""The one definition of the bot, chatbot.json: Lex V2 is made of it on AWS, and the local chatbot too."""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parent


class Intent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something people want of the bot. `fulfilled`: the fulfilment function finds the words, else one of `replies`."""

    name: str
    replies: list[str]
    utterances: list[str] = []
    fulfilled: bool = False


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bot of one language. `locale` as Lex writes it (en_US); `fallback` answers what fits no intent."""

    name: str
    locale: str
    intents: list[Intent]
    fallback: Intent


@functools.cache
def definition() -> Definition:
    return msgspec.json.decode((FOLDER / "chatbot.json").read_bytes(), type=Definition)


@functools.cache
def sayings(file: str) -> list[str]:
    """Our own jokes or facts."""
    return msgspec.json.decode((FOLDER / file).read_bytes(), type=list[str])
