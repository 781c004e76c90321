"""Retry and Catch: their policies, read from a state's definition.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from twbot.local.workflow.errors import BadDefinition, StateFailed, matches
from twbot.local.workflow.templates import Merge, result_path

_RETRIER = {
    "ErrorEquals",
    "IntervalSeconds",
    "MaxAttempts",
    "BackoffRate",
    "MaxDelaySeconds",
    "JitterStrategy",
    "Comment",
}
_CATCHER = {"ErrorEquals", "Next", "ResultPath", "Comment"}


class Retrier(NamedTuple):
    """One element of Retry."""

    errors: tuple[str, ...]
    """ErrorEquals."""
    interval: float
    """Seconds before the first retry."""
    attempts: int
    """Retries at most."""
    rate: float
    """The factor from each wait to the next."""
    longest: float
    """Seconds of the longest wait."""
    jitter: bool
    """Whether the wait is random, up to the computed one."""

    def delay(self, retries: int, rng: Random) -> float:
        """Return the seconds to wait before the next attempt, after `retries` retries."""
        full = min(self.longest, self.interval * self.rate**retries)
        return rng.uniform(0, full) if self.jitter else full


class Catcher(NamedTuple):
    """One element of Catch."""

    errors: tuple[str, ...]
    """ErrorEquals."""
    next: str
    """The state that goes on."""
    merge: Merge
    """Puts the error into the state's input, by ResultPath."""

    def output(self, failed: StateFailed, data: Any) -> Any:
        """Return the next state's input: the failed state's input with the error in it."""
        return self.merge(data, {"Error": failed.name, "Cause": failed.cause})


def retriers(state: dict[str, Any], where: str) -> list[Retrier]:
    """Read a state's Retry. Raises BadDefinition."""
    return [_retrier(each, place) for each, place in _each(state, "Retry", where, _RETRIER)]


def catchers(state: dict[str, Any], where: str) -> list[Catcher]:
    """Read a state's Catch. Raises BadDefinition."""
    found = []
    for each, place in _each(state, "Catch", where, _CATCHER):
        if not isinstance(each.get("Next"), str):
            raise BadDefinition(f"{place}.Next: expected a state's name")
        found.append(Catcher(tuple(each["ErrorEquals"]), each["Next"], result_path(each, place)))
    return found


def first_match(policies: list[Any], name: str) -> int | None:
    """Return the index of the first policy that matches the error's name."""
    return next((n for n, policy in enumerate(policies) if matches(policy.errors, name)), None)


def _retrier(each: dict[str, Any], place: str) -> Retrier:
    if each.get("JitterStrategy", "NONE") not in ("NONE", "FULL"):
        raise BadDefinition(f"{place}.JitterStrategy: expected NONE or FULL")
    # The defaults are Step Functions' own.
    return Retrier(
        errors=tuple(each["ErrorEquals"]),
        interval=_number(each, "IntervalSeconds", place, default=1, least=1),
        attempts=int(_number(each, "MaxAttempts", place, default=3, least=0)),
        rate=_number(each, "BackoffRate", place, default=2.0, least=1),
        longest=_number(each, "MaxDelaySeconds", place, default=31_622_400, least=1),
        jitter=each.get("JitterStrategy") == "FULL",
    )


def _number(each: dict[str, Any], field: str, place: str, *, default: float, least: float) -> float:
    value = each.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < least:
        raise BadDefinition(f"{place}.{field}: expected a number, {least} or more")
    return value


def _each(state: dict[str, Any], field: str, where: str, known: set[str]) -> list[tuple[dict[str, Any], str]]:
    policies = state.get(field, [])
    if not isinstance(policies, list):
        raise BadDefinition(f"{where}.{field}: expected an array")
    found = [(each, f"{where}.{field}[{number}]") for number, each in enumerate(policies)]
    for number, (each, place) in enumerate(found):
        if not isinstance(each, dict) or (unknown := each.keys() - known):
            raise BadDefinition(
                f"{place}: unknown field {', '.join(sorted(unknown))}" if isinstance(each, dict) else place
            )
        _check_errors(each.get("ErrorEquals"), f"{place}.ErrorEquals", last=number == len(found) - 1)
    return found


def _check_errors(errors: Any, place: str, *, last: bool) -> None:
    if not isinstance(errors, list) or not errors or not all(isinstance(error, str) for error in errors):
        raise BadDefinition(f"{place}: expected an array of one or more error names")
    if "States.ALL" in errors and not (last and len(errors) == 1):
        raise BadDefinition(f"{place}: States.ALL must stand alone, in the last of them")
