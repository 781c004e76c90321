"""What goes wrong with a workflow.

BadDefinition      the definition is not one that Step Functions would take; the text begins with the place
ExecutionFailed    an execution failed: the error's name and its cause, as the spec has them
StateFailed        a state failed: Retry and Catch see it by its name
"""

from __future__ import annotations

import json

from twbot.lambdas.errors import TwbotError
from twbot.local.models.errors import ServiceError


class BadDefinition(TwbotError):
    """The text begins with the place of the fault."""


class ExecutionFailed(TwbotError):
    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}" if cause else error)
        self.error = error
        self.cause = cause


class StateFailed(Exception):
    """`name` is what ErrorEquals is compared with."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(name, cause)
        self.name = name
        self.cause = cause


class Cancelled(Exception):
    """Another branch failed: this one's result is not wanted any more."""


RUNTIME = "States.Runtime"
TIMEOUT = "States.Timeout"


def of_task(error: Exception) -> StateFailed:
    """A service's error has its own name; any other exception is reported as Lambda does, by its class."""
    if isinstance(error, ServiceError):
        return StateFailed(error.name, error.message)
    name = type(error).__name__
    return StateFailed(name, json.dumps({"errorMessage": str(error), "errorType": name}))


def matches(wanted: tuple[str, ...], name: str) -> bool:
    """Whether ErrorEquals has the error. The wildcards leave out what the spec keeps from them."""
    if name in wanted:
        return True
    if name in (RUNTIME, "States.DataLimitExceeded"):
        return False
    return "States.ALL" in wanted or ("States.TaskFailed" in wanted and name != TIMEOUT)
