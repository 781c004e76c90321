"""Retry and Catch."""

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
    errors: tuple[str, ...]
    interval: float
    attempts: int
    rate: float
    longest: float
    jitter: bool

    def delay(self, retries: int, rng: Random) -> float:
        """Before the next attempt, when there were so many retries already."""
        full = min(self.longest, self.interval * self.rate**retries)
        return rng.uniform(0, full) if self.jitter else full


class Catcher(NamedTuple):
    errors: tuple[str, ...]
    next: str
    merge: Merge

    def output(self, failed: StateFailed, data: Any) -> Any:
        return self.merge(data, {"Error": failed.name, "Cause": failed.cause})


def retriers(state: dict[str, Any], where: str) -> list[Retrier]:
    return [_retrier(each, place) for each, place in _each(state, "Retry", where, _RETRIER)]


def catchers(state: dict[str, Any], where: str) -> list[Catcher]:
    found = []
    for each, place in _each(state, "Catch", where, _CATCHER):
        if not isinstance(each.get("Next"), str):
            raise BadDefinition(f"{place}.Next: expected a state's name")
        found.append(Catcher(tuple(each["ErrorEquals"]), each["Next"], result_path(each, place)))
    return found


def first_match(policies: list[Any], name: str) -> int | None:
    return next((n for n, policy in enumerate(policies) if matches(policy.errors, name)), None)


def _retrier(each: dict[str, Any], place: str) -> Retrier:
    if each.get("JitterStrategy", "NONE") not in ("NONE", "FULL"):
        raise BadDefinition(f"{place}.JitterStrategy: expected NONE or FULL")
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
