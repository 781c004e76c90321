"""What an execution knows while it runs: its context object, who observes it, and whether it is still wanted."""

from __future__ import annotations

import datetime
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from random import Random
from typing import Any, NamedTuple

from twbot.local.workflow.errors import Cancelled


class Visit(NamedTuple):
    """One state, entered and left. `path` such as `Analyse[0].DetectSentiment`; times are epoch seconds."""

    path: str
    type: str
    start: float
    end: float
    attempts: int
    error: str | None


Observer = Callable[[Visit], None]


class Context:
    """The context object, `$$`, made only when a path asks for it."""

    __slots__ = ("_execution", "item", "retries", "state", "task_token")

    def __init__(self, execution: dict[str, Any], item: dict[str, Any] | None = None) -> None:
        self._execution = execution
        self.item = item
        self.state = ("", 0.0)
        self.retries = 0

    def fork(self, item: dict[str, Any] | None = None) -> Context:
        return Context(self._execution, item or self.item)

    def document(self) -> dict[str, Any]:
        name, entered = self.state
        found = {
            **self._execution,
            "State": {"Name": name, "EnteredTime": timestamp(entered), "RetryCount": self.retries},
        }
        if self.item is not None:
            found["Map"] = {"Item": self.item}
        return found


class Scope:
    """The branches of one Parallel or Map: when one fails, the others stop at their next state."""

    def __init__(self, parent: Scope | None = None) -> None:
        self._cancelled = threading.Event()
        self._children: list[Scope] = []
        if parent is not None:
            parent._children.append(self)
            if parent._cancelled.is_set():
                self.cancel()

    def cancel(self) -> None:
        self._cancelled.set()
        for child in self._children:
            child.cancel()

    def check(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        self._cancelled.wait(seconds)


class World(NamedTuple):
    """What the machine uses of the world."""

    pool: Executor
    rng: Random
    sleep: Callable[[float], None] | None
    observe: Observer | None

    def wait(self, seconds: float, scope: Scope) -> None:
        if seconds > 0:
            (self.sleep or scope.sleep)(seconds)
        scope.check()


class Run(NamedTuple):
    """One line of execution: a branch, or the whole."""

    world: World
    scope: Scope
    context: Context
    where: str = ""


def new_execution(name: str, data: Any) -> dict[str, Any]:
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
    found = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")
