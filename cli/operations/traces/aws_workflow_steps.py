"""Turns the lines of the analysis workflow into spans: one for an execution, and one for each of its states.

A line: {"id": "2", "type": "TaskStateEntered", "details": {"name": "DetectSentiment"}, "previous_event_id": "1",
"event_timestamp": "1795428000123", "execution_arn": "arn:aws:states:…:express:twbot-prod-analysis:<name>:<id>"}.
https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator

import msgspec

from twbot.cli.operations.logs.aws_workflow_lines import Step, problem
from twbot.cli.operations.traces.records import Span
from twbot.lambdas.analysis.workflow import State
from twbot.stacks.config import Detectors
from twbot.stacks.state_machine import workflow_of_stage

RULE = "analyse-messages"
_ALL = Detectors(entities=True)
_ENDS = {"ExecutionSucceeded": "done", "ExecutionFailed": "failed", "ExecutionTimedOut": "failed"} | {
    "ExecutionAborted": "failed"
}
_TRIED = {"TaskScheduled", "LambdaFunctionScheduled"}
_WENT_WELL = {"TaskSucceeded", "LambdaFunctionSucceeded"}
_FAILED = ("Failed", "TimedOut")


def executions(steps: Iterable[Step]) -> Iterator[Span]:
    """Yield the spans of each execution: itself, as a delivery of the rule that starts it, and its states."""
    found: dict[str, dict[int, Step]] = {}
    for step in steps:
        found.setdefault(step.execution_arn, {})[step.id] = step
    for log in found.values():
        # CloudWatch does not keep the order of lines of the same millisecond; the ids do.
        ordered = {number: log[number] for number in sorted(log)}
        yield _execution(list(ordered.values()))
        yield from _states(ordered)


def _execution(log: list[Step]) -> Span:
    end = next((each for each in log if each.type in _ENDS), None)
    state = _ENDS[end.type] if end else "waiting"
    return Span(
        kind="delivery",
        name=RULE,
        event="MESSAGE_RECEIVED",
        start=log[0].at,
        end=max(each.at for each in log),
        state=state,
        error=problem(end) if end and state == "failed" else None,
        note="" if state == "done" else state,
    )


def _states(log: dict[int, Step]) -> Iterator[Span]:
    """Yield each state that was entered. The chain of previous events says to which state a later event belongs."""
    entered_states: dict[int, Span] = {}
    last_time = max(each.at for each in log.values())
    for step in log.values():
        if step.type.endswith("StateEntered"):
            name = _path(step, log)
            state_type = step.type.removesuffix("StateEntered")
            span = Span(kind="step", name=name, type=state_type, start=step.at, end=last_time, attempts=0)
            entered_states[step.id] = span
        elif (entered := _entered(step, log)) is not None:
            entered_states[entered] = _updated(entered_states[entered], step)
    yield from (msgspec.structs.replace(each, attempts=max(1, each.attempts)) for each in entered_states.values())


def _updated(state: Span, step: Step) -> Span:
    if step.type.endswith("StateExited"):
        return msgspec.structs.replace(state, end=step.at)
    if step.type in _TRIED:
        return msgspec.structs.replace(state, attempts=state.attempts + 1)
    return msgspec.structs.replace(state, error=None if step.type in _WENT_WELL else problem(step))


def _entered(step: Step, log: dict[int, Step]) -> int | None:
    """Return the id of the event that entered the state which this event is about; None where it is about none."""
    about_a_task = step.type in _TRIED | _WENT_WELL or (step.type.endswith(_FAILED) and step.type not in _ENDS)
    if not (step.type.endswith("StateExited") or about_a_task):
        return None
    entered = _before(step, log, lambda each: each.type.endswith("StateEntered") and step.name in {None, each.name})
    return entered.id if entered else None


def _before(step: Step, log: dict[int, Step], matches: Callable[[Step], bool]) -> Step | None:
    """Return the last event before this one, in its chain, that matches."""
    # Ids only get smaller on the way: a line that is wrong can't make this loop endless.
    while step.previous_event_id < step.id and (found := log.get(step.previous_event_id)) is not None:
        if matches(found):
            return found
        step = found
    return None


def _path(step: Step, log: dict[int, Step]) -> str:
    """Return the path of a state as `local` has it: Analyse[1].EachImage[0].FetchImage."""
    path = _paths().get(step.name or "", step.name or "?")
    if "[*]" in path and (item := _before(step, log, lambda each: each.type == "MapIterationStarted")):
        return path.replace("[*]", f"[{item.details.get('index', '*')}]")
    return path


@functools.cache
def _paths() -> dict[str, str]:
    return {path.rpartition(".")[2]: path for path in _walk(workflow_of_stage(_ALL), "")}


def _walk(machine: State, start: str) -> Iterator[str]:
    for name, state in machine["States"].items():
        yield start + name
        for number, branch in enumerate(state.get("Branches", ())):
            yield from _walk(branch, f"{start}{name}[{number}].")
        if inner := state.get("ItemProcessor"):
            yield from _walk(inner, f"{start}{name}[*].")
