"""The state of a running execution: its context object, its surroundings, and the cancellation of its branches."""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from twbot.local.workflow.errors import Cancelled, ExecutionTimedOut


class Visit(NamedTuple):
    """One run of a state, with its retries."""

    path: str
    """Names and branch numbers, such as `Analyse[0].DetectSentiment`."""
    type: str
    """The state's Type."""
    start: float
    """Epoch seconds, as `end`."""
    end: float
    attempts: int
    error: str | None
    """The name of the last error, also where a retry succeeded afterwards."""


Observer = Callable[[Visit], None]


class Context:
    """The context object, `$$`. Its document is made only when a path reads it.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
    """

    __slots__ = ("_execution", "item", "retries", "state", "task_token")

    def __init__(self, execution: dict[str, Any], item: dict[str, Any] | None = None) -> None:
        self._execution = execution
        self.item = item
        self.state = ("", 0.0)
        self.retries = 0

    def fork(self, item: dict[str, Any] | None = None) -> Context:
        """Return the context of a branch, with Map's item where there is one. Branches must not share a context."""
        return Context(self._execution, item or self.item)

    def document(self) -> dict[str, Any]:
        """Return the context object as JSON."""
        name, entered = self.state
        found = {
            **self._execution,
            "State": {"Name": name, "EnteredTime": timestamp(entered), "RetryCount": self.retries},
        }
        if self.item is not None:
            found["Map"] = {"Item": self.item}
        return found


class Scope:
    """Cancels the branches of one Parallel or Map: when one fails, the others stop at their next state."""

    __slots__ = ("_is_cancelled", "_parent")

    def __init__(self, parent: Scope | None = None) -> None:
        self._parent, self._is_cancelled = parent, False

    @property
    def is_cancelled(self) -> bool:
        """Whether a sibling has failed, at whatever height."""
        return self._is_cancelled or (self._parent is not None and self._parent.is_cancelled)

    def cancel(self) -> None:
        self._is_cancelled = True

    def check(self) -> None:
        """Raise Cancelled where a sibling failed."""
        if self.is_cancelled:
            raise Cancelled


class World(NamedTuple):
    """The randomness, clock and observer that an execution uses."""

    rng: Random
    sleep: Callable[[float], None] | None
    """Replaces waiting; None waits."""
    observe: Observer | None
    deadline: float
    """The monotonic time at which the execution times out."""

    def remaining(self) -> float:
        """Return the seconds until the deadline. Raises ExecutionTimedOut after it."""
        if (seconds := self.deadline - time.monotonic()) <= 0:
            raise ExecutionTimedOut
        return seconds


class Run(NamedTuple):
    """The surroundings of one flow that runs: a branch or the whole workflow."""

    world: World
    scope: Scope
    context: Context
    where: str = ""
    """The path of the enclosing states, empty for the whole workflow."""

    def check(self) -> None:
        """Raise Cancelled where a sibling failed, ExecutionTimedOut after the deadline."""
        self.scope.check()
        self.world.remaining()


def new_execution(name: str, data: Any) -> dict[str, Any]:
    """Return the Execution and StateMachine parts of the context object, with local ARNs."""
    identity = str(uuid.uuid4())
    return {
        "Execution": {
            "Id": f"arn:aws:states:local:000000000000:execution:{name}:{identity}",
            "Input": data,
            "Name": identity,
            "RoleArn": "arn:aws:iam::000000000000:role/local",
            "StartTime": timestamp(time.time()),
        },
        "StateMachine": {"Id": f"arn:aws:states:local:000000000000:stateMachine:{name}", "Name": name},
    }


def timestamp(seconds: float) -> str:
    """Format epoch seconds as RFC 3339 with milliseconds, in UTC."""
    found = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")
