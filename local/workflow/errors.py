"""The errors of a workflow.

BadDefinition      Step Functions would refuse the definition
ExecutionFailed    an execution failed, with an error name and a cause
StateFailed        a state failed; Retry and Catch match its name
Cancelled          a branch ended because another failed

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

import json

from twbot.lambdas.errors import TwbotError
from twbot.local.models.errors import ServiceError


class BadDefinition(TwbotError):
    """A definition that Step Functions would refuse. The message begins with the path of the fault."""


class ExecutionFailed(TwbotError):
    """A failed execution: `error` is the error's name, `cause` its text."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}" if cause else error)
        self.error = error
        self.cause = cause


class StateFailed(Exception):
    """A failed state. ErrorEquals is compared with `name`."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(name, cause)
        self.name = name
        self.cause = cause


class Cancelled(Exception):
    """Ends a branch of which a sibling failed: nothing reads its result any more."""


RUNTIME = "States.Runtime"
TIMEOUT = "States.Timeout"


def of_task(error: Exception) -> StateFailed:
    """Convert a task's exception: a ServiceError keeps its name, any other is named by its class, as Lambda does."""
    if isinstance(error, ServiceError):
        return StateFailed(error.name, error.message)
    name = type(error).__name__
    return StateFailed(name, json.dumps({"errorMessage": str(error), "errorType": name}))


def matches(names: tuple[str, ...], name: str) -> bool:
    """Return whether ErrorEquals (`names`) matches an error name."""
    if name in names:
        return True
    # The wildcards have exceptions: States.ALL never matches these two, and States.TaskFailed no timeout.
    # https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    if name in (RUNTIME, "States.DataLimitExceeded"):
        return False
    return "States.ALL" in names or ("States.TaskFailed" in names and name != TIMEOUT)
