"""Jokes and facts: functions for intents of any bot, as the shipped one has them.

[[intents]]
name = "Joke"
run = "twbot.sayings:joke"
utterances = ["Tell me a joke"]
"""

from __future__ import annotations

import random

from twbot.bot import Bot, Event
from twbot.lambdas.responding.own_sayings import sayings
from twbot.lambdas.responding.public_sayings import PublicSayings

__all__ = ["fact", "joke"]

_public = PublicSayings()
_random = random.SystemRandom()


def joke(event: Event, bot: Bot) -> str:  # noqa: ARG001 - the signature of every function of a bot
    """Return a joke in English: a public service's, or one of ours where it is slow or down."""
    return _saying("Joke")


def fact(event: Event, bot: Bot) -> str:  # noqa: ARG001
    """Return a fact in English: a public service's, or one of ours where it is slow or down."""
    return _saying("Fact")


def _saying(kind: str) -> str:
    return _public.say(kind) or _random.choice(sayings(kind))
