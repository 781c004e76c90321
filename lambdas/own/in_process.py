"""Runs the functions of a folder in the process of whoever calls them, without a timeout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twbot.lambdas.contracts import Event
from twbot.lambdas.own import running
from twbot.lambdas.own.bot import Bot
from twbot.lambdas.ports import Call


class InProcess:
    """The Functions of a folder. `bot` makes what a function is given."""

    def __init__(self, folder: Path, bot: Callable[[Call, Event], Bot]) -> None:
        self._folder, self._bot = folder, bot

    def call(self, call: Call, event: Event) -> Any:
        """Return what the function returns. Raises Temporary, Permanent, FunctionFailed."""
        return running.call(call.run, running.load(call.run, self._folder), event, self._bot(call, event))
