"""The errors of a workflow.

BadDefinition      Step Functions would refuse the definition
ExecutionFailed    an execution failed, with an error name and a cause
StateFailed        a state failed; Retry and Catch match its name
Cancelled          a branch ended because another failed
ExecutionTimedOut  the whole execution took too long; no state can catch it
MachineFault       (twbot.lambdas.errors) this machine failed; no state can catch it, and the caller tries again

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from twbot.lambdas.errors import MachineFault, TwbotError, is_machine_fault
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


class ExecutionTimedOut(Exception):
    """Ends an execution that took longer than it may."""


RUNTIME = "States.Runtime"
TIMEOUT = "States.Timeout"
DATA_LIMIT = "States.DataLimitExceeded"
# Bytes of JSON in UTF-8: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_BYTES = 262_144


def check_size(name: str, data: Any) -> Any:
    """Return the input, result or output of the state `name`. Raises StateFailed where it is larger than AWS takes."""
    try:
        size = len(msgspec.json.encode(data))
    except (TypeError, ValueError) as error:
        raise StateFailed(RUNTIME, f"What {name} has is not JSON: {error}") from None
    if size > MAX_BYTES:
        cause = f"The state {name} has {size} bytes of data, more than the {MAX_BYTES} that Step Functions carries"
        raise StateFailed(DATA_LIMIT, cause)
    return data


def of_task(error: Exception) -> Exception:
    """Convert a task's exception: a ServiceError keeps its name, any other is named by its class, as Lambda does.

    A fault of this machine becomes a MachineFault: a state that caught it would blame the message.
    """
    if isinstance(error, MachineFault):
        return error
    if is_machine_fault(error):
        return MachineFault(f"This machine failed: {type(error).__name__}: {error}")
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
    if name in (RUNTIME, DATA_LIMIT):
        return False
    return "States.ALL" in names or ("States.TaskFailed" in names and name != TIMEOUT)
