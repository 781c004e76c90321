"""Reads a definition, refuses a faulty one with the path of the fault, and runs it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection, Mapping
from random import Random
from typing import Any

from twbot.local.workflow import loop
from twbot.local.workflow.errors import (
    TIMEOUT,
    BadDefinition,
    ExecutionFailed,
    ExecutionTimedOut,
    StateFailed,
    check_size,
)
from twbot.local.workflow.flow import Flow
from twbot.local.workflow.scope import Context, Observer, Run, Scope, World, new_execution
from twbot.local.workflow.states import (
    ChoiceState,
    Fail,
    Function,
    Map,
    Parallel,
    Pass,
    State,
    Succeed,
    TaskState,
    Wait,
)

# Seconds that an execution may take, unless the definition says less: the limit of Express workflows.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_SECONDS = 300.0

_ANY = {"Type", "Comment", "QueryLanguage"}
_PATHS = {"InputPath", "OutputPath"}
_ON = {"Next", "End"}
_RESULT = {"Parameters", "ResultPath", "ResultSelector"}
_RECOVERY = {"Retry", "Catch"}
_FIELDS: dict[str, set[str]] = {
    "Pass": _PATHS | _ON | {"Parameters", "ResultPath", "Result"},
    "Task": _PATHS | _ON | _RESULT | _RECOVERY | {"Resource", "TimeoutSeconds"},
    "Choice": _PATHS | {"Choices", "Default"},
    "Wait": _PATHS | _ON | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Succeed": _PATHS,
    "Fail": {"Error", "ErrorPath", "Cause", "CausePath"},
    "Parallel": _PATHS | _ON | _RESULT | _RECOVERY | {"Branches"},
    "Map": _PATHS
    | _ON
    | _RESULT
    | _RECOVERY
    | {"ItemsPath", "ItemSelector", "ItemProcessor", "Iterator", "MaxConcurrency"},
}
_PLAIN: dict[str, type[State]] = {"Pass": Pass, "Choice": ChoiceState, "Wait": Wait, "Succeed": Succeed, "Fail": Fail}
_SERVICE = re.compile(r"^arn:aws:states:[^:]*:[^:]*:")


class Machine:
    """A workflow that can be run, from several threads at the same time. Raises BadDefinition.

    `tasks`: the function of each Resource, by its name after `arn:aws:states:::`. It gets the state's effective input,
    must not change it, and returns the result. A ServiceError's name, or another exception's class, is the error name.
    Of `lambda:invoke`, a name such as `lambda:invoke:FUNCTION` is of one function.
    `prompt`: the names of those that wait for nothing and compute little. They run in the execution's own thread, which
    others don't, as they may hang: handing one over costs more than it takes.
    `substitutions`: the values for `${Name}`, as CDK's definition_substitutions fills them in.
    `sleep`: replaces waiting, for tests.
    """

    def __init__(
        self,
        definition: Mapping[str, Any],
        tasks: Mapping[str, Function],
        substitutions: Mapping[str, str] | None = None,
        *,
        name: str = "workflow",
        sleep: Callable[[float], None] | None = None,
        rng: Random | None = None,
        prompt: Collection[str] = (),
    ) -> None:
        self._name = name
        self._sleep = sleep
        self._rng = rng or Random()  # noqa: S311
        reader = _Reader(tasks, prompt)
        self._seconds = min(MAX_SECONDS, _timeout(definition, "the definition") or MAX_SECONDS)
        self._flow = reader.flow(_substituted(definition, substitutions or {}), "", {"TimeoutSeconds", "Version"})

    def run(self, data: Any, observe: Observer | None = None) -> Any:
        """Run the workflow on an input and return its output. Raises ExecutionFailed.

        Raises MachineFault where this machine failed, whatever the input: the same execution may succeed later.

        `observe` is called with each state's Visit, from any thread.
        """
        world = World(self._rng, self._sleep, observe, time.monotonic() + self._seconds)
        context = Context(new_execution(self._name, data))
        whole = Run(world, Scope(), context)
        try:
            return loop.run(self._flow.steps(check_size("the execution's input", data), whole))
        except StateFailed as failed:
            raise ExecutionFailed(failed.name, failed.cause) from failed
        except ExecutionTimedOut:
            raise ExecutionFailed(TIMEOUT, f"The execution took longer than {self._seconds:.0f} s") from None


class _Reader:
    def __init__(self, tasks: Mapping[str, Function], prompt: Collection[str]) -> None:
        self._tasks, self._prompt = tasks, prompt
        self._names: set[str] = set()

    def flow(self, definition: Any, where: str, also: set[str]) -> Flow:
        found = definition if isinstance(definition, dict) else {}
        if not isinstance(definition, dict) or not isinstance(found.get("States"), dict) or "StartAt" not in found:
            raise BadDefinition(f"{where or 'the definition'}: expected an object with StartAt and States")
        _only(found, {"StartAt", "States", "Comment", "QueryLanguage"} | also, where or "the definition")
        states = {name: self._state(name, each, f"{where}States.{name}") for name, each in found["States"].items()}
        _check_targets(found["StartAt"], states, where)
        return Flow(found["StartAt"], states)

    def _state(self, name: str, definition: Any, where: str) -> State:
        kind = definition.get("Type") if isinstance(definition, dict) else None
        if kind not in _FIELDS:
            raise BadDefinition(f"{where}.Type: {kind!r} is not one of {', '.join(_FIELDS)}")
        # The specification wants names to be unique across all nested workflows, not only among neighbours.
        if name in self._names:
            raise BadDefinition(f"{where}: another state has this name")
        self._names.add(name)
        _only(definition, _FIELDS[kind] | _ANY, where)
        if definition.get("QueryLanguage", "JSONPath") != "JSONPath":
            raise BadDefinition(f"{where}.QueryLanguage: only JSONPath is interpreted")
        if _FIELDS[kind] >= _ON and ("Next" in definition) == (definition.get("End") is True):
            raise BadDefinition(f"{where}: expected either Next or End: true")
        return self._made(kind, name, definition, where)

    def _made(self, kind: str, name: str, definition: dict[str, Any], where: str) -> State:
        if kind == "Task":
            resource = self._resource(definition, where)
            return TaskState(name, definition, where, self._tasks[resource], prompt=resource in self._prompt)
        if kind == "Parallel":
            branches = definition.get("Branches")
            if not isinstance(branches, list) or not branches:
                raise BadDefinition(f"{where}.Branches: expected an array of one or more")
            flows = [self.flow(each, f"{where}.Branches[{n}].", set()) for n, each in enumerate(branches)]
            return Parallel(name, definition, where, flows)
        if kind == "Map":
            return Map(name, definition, where, self._each(definition, where))
        return _PLAIN[kind](name, definition, where)

    def _resource(self, definition: dict[str, Any], where: str) -> str:
        resource = definition.get("Resource")
        short = _SERVICE.sub("", resource) if isinstance(resource, str) else ""
        parameters = definition.get("Parameters")
        function = parameters.get("FunctionName") if isinstance(parameters, dict) else None
        found = next((each for each in (f"{short}:{function}", short) if each in self._tasks), None)
        if found is None:
            raise BadDefinition(f"{where}.Resource: nothing here does {resource!r}")
        _timeout(definition, where)
        return found

    def _each(self, definition: dict[str, Any], where: str) -> Flow:
        fields = [field for field in ("ItemProcessor", "Iterator") if field in definition]
        if len(fields) != 1:
            raise BadDefinition(f"{where}: expected ItemProcessor (or its old name, Iterator)")
        concurrency = definition.get("MaxConcurrency", 0)
        if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 0:
            raise BadDefinition(f"{where}.MaxConcurrency: expected a whole number, 0 or more")
        processor = definition[fields[0]]
        mode = processor.get("ProcessorConfig", {}).get("Mode", "INLINE") if isinstance(processor, dict) else "INLINE"
        if mode != "INLINE":
            raise BadDefinition(f"{where}.{fields[0]}.ProcessorConfig.Mode: only INLINE is interpreted")
        return self.flow(processor, f"{where}.{fields[0]}.", {"ProcessorConfig"})


def _timeout(definition: Mapping[str, Any], where: str) -> int | None:
    """Return TimeoutSeconds; None where there is none. Raises BadDefinition."""
    timeout = definition.get("TimeoutSeconds")
    if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, int) or timeout < 1):
        raise BadDefinition(f"{where}.TimeoutSeconds: expected a positive whole number")
    return timeout


def _only(found: dict[str, Any], known: set[str], where: str) -> None:
    if unknown := found.keys() - known:
        raise BadDefinition(f"{where}: unknown field {', '.join(sorted(unknown))}")


def _check_targets(start: Any, states: Mapping[str, State], where: str) -> None:
    """Check that every named state exists and every state can be reached. Raises BadDefinition."""
    if start not in states:
        raise BadDefinition(f"{where}StartAt: there is no state {start!r}")
    reached, todo = {start}, [start]
    while todo:
        state = states[todo.pop()]
        for target in state.targets():
            if target not in states:
                raise BadDefinition(f"{where}States.{state.name}: there is no state {target!r} to go to")
            if target not in reached:
                reached.add(target)
                todo.append(target)
    if lost := [name for name in states if name not in reached]:
        raise BadDefinition(f"{where}States.{lost[0]}: nothing leads to it")


def _substituted(definition: Mapping[str, Any], substitutions: Mapping[str, str]) -> Any:
    def value(found: re.Match[str]) -> str:
        if found[1] not in substitutions:
            raise BadDefinition(f"{found[0]}: nothing is given for it")
        # The value goes into a JSON string: escape it, without the quotes.
        return json.dumps(substitutions[found[1]])[1:-1]

    return json.loads(re.sub(r"\$\{(\w+)\}", value, json.dumps(definition)))
