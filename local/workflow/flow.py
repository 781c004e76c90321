"""States in order: a whole workflow, a branch of Parallel, or what Map does with each item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from twbot.local.workflow.scope import Run


class AnyState(Protocol):
    instant: bool

    def enter(self, data: Any, run: Run) -> tuple[Any, str | None]: ...


class Flow:
    def __init__(self, start: str, states: Mapping[str, AnyState]) -> None:
        self._start = start
        self._states = states

    def begin(self, data: Any, run: Run) -> tuple[Any, str | None]:
        """Go as far as it goes without waiting or computing: the data, and what comes next, None at the end."""
        name: str | None = self._start
        while name is not None and self._states[name].instant:
            run.scope.check()
            data, name = self._states[name].enter(data, run)
        return data, name

    def finish(self, data: Any, name: str | None, run: Run) -> Any:
        while name is not None:
            run.scope.check()
            data, name = self._states[name].enter(data, run)
        return data
