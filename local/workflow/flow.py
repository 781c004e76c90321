"""A sequence of states: a whole workflow, a branch of Parallel, or the item processor of Map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from twbot.local.workflow.scope import Run


class AnyState(Protocol):
    """A state, as a flow runs it."""

    instant: bool
    """The state does not wait."""

    def enter(self, data: Any, run: Run) -> tuple[Any, str | None]:
        """Run the state. Return its output and the next state's name, None at the end."""


class Flow:
    """States by name, and the one to start at."""

    def __init__(self, start: str, states: Mapping[str, AnyState]) -> None:
        self._start = start
        self._states = states

    def begin(self, data: Any, run: Run) -> tuple[Any, str | None]:
        """Run the states up to the first that waits or computes.

        Return the data so far and that state's name, None where the flow has ended.
        """
        name: str | None = self._start
        while name is not None and self._states[name].instant:
            run.check()
            data, name = self._states[name].enter(data, run)
        return data, name

    def finish(self, data: Any, name: str | None, run: Run) -> Any:
        """Run the states from `name` to the end, and return the output."""
        while name is not None:
            run.check()
            data, name = self._states[name].enter(data, run)
        return data
