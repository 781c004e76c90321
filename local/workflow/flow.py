"""A sequence of states: a whole workflow, a branch of Parallel, or the item processor of Map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from twbot.local.workflow.loop import Flowing
from twbot.local.workflow.scope import Run


class AnyState(Protocol):
    """A state, as a flow runs it: one that may wait by `steps`, any other by `enter`."""

    instant: bool
    """The state waits for nothing."""

    def enter(self, data: Any, run: Run) -> tuple[Any, str | None]:
        """Run the state. Return its output and the next state's name, None at the end."""

    def steps(self, data: Any, run: Run) -> Flowing:
        """The same, for the loop."""


class Flow:
    """States by name, and the one to start at."""

    def __init__(self, start: str, states: Mapping[str, AnyState]) -> None:
        self._start = start
        self._states = states

    def steps(self, data: Any, run: Run) -> Flowing:
        """Run the states, and return the output of the last one."""
        name: str | None = self._start
        while name is not None:
            run.check()
            state = self._states[name]
            data, name = state.enter(data, run) if state.instant else (yield from state.steps(data, run))
        return data
