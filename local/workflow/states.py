"""The eight types of state: how each turns its input into its output, and which state follows."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from typing import Any

from twbot.local.workflow.choice import Rule, compile_rule
from twbot.local.workflow.errors import RUNTIME, TIMEOUT, BadDefinition, Cancelled, StateFailed, check_size, of_task
from twbot.local.workflow.flow import Flow
from twbot.local.workflow.loop import Flowing, Fork, Sleep, Task
from twbot.local.workflow.paths import Path
from twbot.local.workflow.recovery import catchers, first_match, retriers
from twbot.local.workflow.scope import Run, Scope, Visit
from twbot.local.workflow.templates import optional_path, optional_template, required_path, result_path
from twbot.local.workflow.time_limit import TookTooLong

# Step Functions runs at most 40 iterations of an inline Map at the same time.
# https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
MAX_CONCURRENCY = 40

Step = tuple[Any, str | None]
Branch = tuple[Flow, Any, dict[str, Any] | None]  # the flow, its input, and Map's item
Function = Callable[[dict[str, Any]], Any]


class State:
    """The base of all states. `instant`: the state waits for nothing, and can't be tried again."""

    instant = True

    def __init__(self, name: str, definition: dict[str, Any], where: str) -> None:
        self.name = name
        self.type: str = definition["Type"]
        self.next: str | None = definition.get("Next")
        self.input = optional_path(definition, "InputPath", where)
        self.output = optional_path(definition, "OutputPath", where)
        self.retriers = retriers(definition, where)
        self.catchers = catchers(definition, where)

    def targets(self) -> list[str]:
        """Return the names of the states that may follow."""
        return [*([self.next] if self.next else []), *(catcher.next for catcher in self.catchers)]

    def execute(self, data: Any, run: Run) -> Step:
        """Return the output and the next state's name, None at the end. Raises StateFailed."""
        raise NotImplementedError

    def enter(self, data: Any, run: Run) -> Step:
        """Execute a state that can't be tried again, and report the Visit. Raises StateFailed."""
        start, error = self._begin(run), None
        try:
            output, following = self.execute(data, run)
            return (output if output is data else check_size(self.name, output)), following
        except StateFailed as failed:
            error = failed.name
            raise
        finally:
            self._report(run, start, 1, error)

    def steps(self, data: Any, run: Run) -> Flowing:
        """Execute a state that may wait, with its retriers and catchers, and report the Visit.

        Raises StateFailed, Cancelled.
        """
        start, error = self._begin(run), None
        retries = [0] * len(self.retriers)  # each retrier counts its own attempts
        try:
            while True:
                try:
                    output, following = yield from self.waiting(data, run)
                    return check_size(self.name, output), following
                except StateFailed as failed:
                    error = failed.name
                    if (step := (yield from self._recover(failed, data, run, retries))) is not None:
                        return step
        finally:
            self._report(run, start, sum(retries) + 1, error)

    def waiting(self, data: Any, run: Run) -> Flowing:
        """Return what `execute` does, and wait for it."""
        raise NotImplementedError

    def _begin(self, run: Run) -> float:
        start, context = time.time(), run.context
        context.state, context.retries = (self.name, start), 0
        return start

    def _report(self, run: Run, start: float, attempts: int, error: str | None) -> None:
        if run.world.observe is not None:
            where = f"{run.where}.{self.name}" if run.where else self.name
            run.world.observe(Visit(where, self.type, start, time.time(), attempts, error))

    def _recover(self, failed: StateFailed, data: Any, run: Run, retries: list[int]) -> Flowing:
        """Wait and return None to try again, return a catcher's step, or raise the error again."""
        number = first_match(self.retriers, failed.name)
        if number is not None and retries[number] < self.retriers[number].attempts:
            delay = self.retriers[number].delay(retries[number], run.world.rng)
            retries[number] += 1
            run.context.retries += 1
            yield from _sleep(delay, run)
            return None
        number = first_match(self.catchers, failed.name)
        if number is None:
            raise failed
        return self.catchers[number].output(failed, data), self.catchers[number].next


def _sleep(seconds: float, run: Run) -> Flowing:
    """Wait so many seconds. Raises Cancelled where a sibling fails meanwhile, ExecutionTimedOut at the deadline."""
    if seconds > 0:
        seconds = min(seconds, run.world.remaining())
        if run.world.sleep is None:
            yield Sleep(seconds, run.scope)
        else:
            run.world.sleep(seconds)
    run.check()


class Worker(State):
    """The base of Pass, Task, Parallel and Map, which make a result of the input and merge it into the input."""

    parameters_field = "Parameters"

    def __init__(self, name: str, definition: dict[str, Any], where: str) -> None:
        super().__init__(name, definition, where)
        self.parameters = optional_template(definition, self.parameters_field, where)
        self.select = optional_template(definition, "ResultSelector", where)
        self.merge = result_path(definition, where)

    def prepare(self, data: Any, run: Run) -> Any:
        """Shape the state's input by InputPath and Parameters."""
        return self.parameters(self.input(data, run.context), run.context)

    def given(self, data: Any, run: Run) -> Any:
        """Return the shaped input. Raises StateFailed where it is larger than AWS takes."""
        given = self.prepare(data, run)
        return given if given is data else check_size(self.name, given)

    def finish(self, data: Any, result: Any, run: Run) -> Step:
        """Return the step for an input and the result of its work."""
        selected = self.select(check_size(self.name, result), run.context)
        return self.output(self.merge(data, selected), run.context), self.next


class Pass(Worker):
    def __init__(self, name: str, definition: dict[str, Any], where: str) -> None:
        super().__init__(name, definition, where)
        self.has_result = "Result" in definition
        self.result = definition.get("Result")

    def execute(self, data: Any, run: Run) -> Step:
        given = self.given(data, run)
        return self.finish(data, self.result if self.has_result else given, run)


class TaskState(Worker):
    instant = False

    def __init__(self, name: str, definition: dict[str, Any], where: str, task: Function, *, prompt: bool) -> None:
        super().__init__(name, definition, where)
        self.task, self.prompt = task, prompt
        self.timeout: float | None = definition.get("TimeoutSeconds")

    def waiting(self, data: Any, run: Run) -> Flowing:
        given, left = self.given(data, run), run.world.remaining()
        seconds = min(left, self.timeout or left)
        try:
            result = self.task(given) if self.prompt else (yield Task(self.task, given, seconds, run.scope))
        except Cancelled:
            raise
        except TookTooLong:
            run.world.remaining()  # the whole execution's time-out goes before the state's
            raise StateFailed(TIMEOUT, f"It took longer than {seconds:.0f} s") from None
        except Exception as error:
            raise of_task(error) from error
        return self.finish(data, result, run)


class ChoiceState(State):
    def __init__(self, name: str, definition: dict[str, Any], where: str) -> None:
        super().__init__(name, definition, where)
        choices = definition.get("Choices")
        if not isinstance(choices, list) or not choices:
            raise BadDefinition(f"{where}.Choices: expected an array of one or more rules")
        self.rules: list[tuple[Rule, str]] = []
        for number, choice in enumerate(choices):
            rule = compile_rule(choice, f"{where}.Choices[{number}]", top=True)
            if not isinstance(choice.get("Next"), str):
                raise BadDefinition(f"{where}.Choices[{number}].Next: expected a state's name")
            self.rules.append((rule, choice["Next"]))
        self.default: str | None = definition.get("Default")

    def targets(self) -> list[str]:
        return [*(target for _, target in self.rules), *([self.default] if self.default else [])]

    def execute(self, data: Any, run: Run) -> Step:
        shaped = self.input(data, run.context)
        target = next((target for rule, target in self.rules if rule(shaped, run.context)), self.default)
        if target is None:
            raise StateFailed("States.NoChoiceMatched", f"No choice of {self.name} matched, and it has no Default")
        return self.output(shaped, run.context), target


class Wait(State):
    instant = False

    def __init__(self, name: str, definition: dict[str, Any], where: str) -> None:
        super().__init__(name, definition, where)
        fields = definition.keys() & {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"}
        if len(fields) != 1:
            raise BadDefinition(f"{where}: expected one of Seconds, SecondsPath, Timestamp, TimestampPath")
        (field,) = fields
        self.is_time = field.startswith("Timestamp")
        value = definition[field]
        self.value = required_path(value, f"{where}.{field}") if field.endswith("Path") else lambda *_: value

    def waiting(self, data: Any, run: Run) -> Flowing:
        shaped = self.input(data, run.context)
        yield from _sleep(self._seconds(self.value(shaped, run.context)), run)
        return self.output(shaped, run.context), self.next

    def _seconds(self, value: Any) -> float:
        try:
            return datetime.datetime.fromisoformat(value).timestamp() - time.time() if self.is_time else float(value)
        except (TypeError, ValueError):
            raise StateFailed(RUNTIME, f"{self.name} can't wait for {value!r}") from None


class Succeed(State):
    def execute(self, data: Any, run: Run) -> Step:
        return self.output(self.input(data, run.context), run.context), None


class Fail(State):
    def __init__(self, name: str, definition: dict[str, Any], where: str) -> None:
        super().__init__(name, definition, where)
        self.error, self.cause = (_text_or_path(definition, field, where) for field in ("Error", "Cause"))

    def execute(self, data: Any, run: Run) -> Step:
        raise StateFailed(str(self.error(data, run.context)), str(self.cause(data, run.context)))


def _text_or_path(definition: dict[str, Any], field: str, where: str) -> Path:
    if f"{field}Path" in definition:
        return required_path(definition[f"{field}Path"], f"{where}.{field}Path")
    text = definition.get(field, "")
    return lambda *_: text


class Parallel(Worker):
    instant = False

    def __init__(self, name: str, definition: dict[str, Any], where: str, branches: list[Flow]) -> None:
        super().__init__(name, definition, where)
        self.branches = branches

    def waiting(self, data: Any, run: Run) -> Flowing:
        given = self.given(data, run)
        outputs = yield _fork([(branch, given, None) for branch in self.branches], run, self.name, len(self.branches))
        return self.finish(data, outputs, run)


class Map(Worker):
    instant = False

    def __init__(self, name: str, definition: dict[str, Any], where: str, each: Flow) -> None:
        self.parameters_field = "ItemSelector" if "ItemSelector" in definition else "Parameters"
        super().__init__(name, definition, where)
        self.each = each
        self.items = required_path(definition.get("ItemsPath", "$"), f"{where}.ItemsPath")
        self.concurrency: int = definition.get("MaxConcurrency", 0) or MAX_CONCURRENCY
        self.selects = self.parameters_field in definition

    def prepare(self, data: Any, run: Run) -> Any:
        # Map's ItemSelector applies to each item.
        return self.input(data, run.context)

    def waiting(self, data: Any, run: Run) -> Flowing:
        given = self.given(data, run)
        outputs = yield _fork(self._branches(given, run), run, self.name, self.concurrency)
        return self.finish(data, outputs, run)

    def _branches(self, data: Any, run: Run) -> list[Branch]:
        items = self.items(data, run.context)
        if not isinstance(items, list):
            raise StateFailed(RUNTIME, f"ItemsPath of {self.name} must lead to an array")
        branches: list[Branch] = []
        for index, value in enumerate(items):
            item = {"Index": index, "Value": value}
            selected = self.parameters(data, run.context.fork(item)) if self.selects else value
            branches.append((self.each, selected, item))
        return branches


def _fork(branches: list[Branch], run: Run, name: str, limit: int) -> Fork:
    where, scope = f"{run.where}.{name}" if run.where else name, Scope(run.scope)
    flows = []
    for number, (flow, data, item) in enumerate(branches):
        own = run._replace(scope=scope, context=run.context.fork(item), where=f"{where}[{number}]")
        flows.append(flow.steps(data, own))
    return Fork(flows, limit, scope)
