"""The fields that shape a state's input and result: paths and payload templates, compiled once.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twbot.local.workflow.errors import RUNTIME, BadDefinition, StateFailed
from twbot.local.workflow.intrinsics import compile_expression
from twbot.local.workflow.paths import BadPath, NoSuchPath, Path, compile_path, place, reference_steps
from twbot.local.workflow.scope import Context

PARAMETERS = "States.ParameterPathFailure"
RESULT = "States.ResultPathMatchFailure"

Merge = Callable[[Any, Any], Any]


def as_is(data: Any, _context: Context) -> Any:
    return data


def optional_path(state: dict[str, Any], field: str, where: str) -> Path:
    """Compile InputPath or OutputPath. An absent one selects everything, null an empty object. Raises BadDefinition."""
    if field not in state:
        return as_is
    if state[field] is None:
        return lambda _data, _context: {}
    return required_path(state[field], f"{where}.{field}")


def required_path(text: Any, where: str) -> Path:
    """Compile a path that fails as States.Runtime where it leads nowhere. Raises BadDefinition."""
    if not isinstance(text, str):
        raise BadDefinition(f"{where}: expected a path")
    try:
        return _failing_as(RUNTIME, compile_path(text))
    except BadPath as error:
        raise BadDefinition(f"{where}: {error}") from None


def optional_template(state: dict[str, Any], field: str, where: str) -> Path:
    """Compile Parameters, ResultSelector or ItemSelector. An absent one passes the data on. Raises BadDefinition."""
    if field not in state:
        return as_is
    constant, make = _template(state[field], f"{where}.{field}")
    if make is None:
        return lambda _data, _context: constant
    return _failing_as(PARAMETERS, make)


def result_path(state: dict[str, Any], where: str) -> Merge:
    """Compile ResultPath to a function that merges a result into the state's input. Raises BadDefinition."""
    if "ResultPath" not in state:
        return lambda _data, result: result
    text = state["ResultPath"]
    if text is None:
        return lambda data, _result: data
    try:
        steps = reference_steps(text if isinstance(text, str) else "")
    except BadPath as error:
        raise BadDefinition(f"{where}.ResultPath: {error}") from None
    if steps is None or text.startswith("$$"):
        raise BadDefinition(f"{where}.ResultPath: {text!r} must name one place")

    def merge(data: Any, result: Any) -> Any:
        try:
            return place(data, steps, result)
        except NoSuchPath as error:
            raise StateFailed(RESULT, f"ResultPath {text!r}: {error}") from None

    return merge


def _failing_as(name: str, path: Path) -> Path:
    def run(data: Any, context: Context) -> Any:
        try:
            return path(data, context)
        except NoSuchPath as error:
            raise StateFailed(name, str(error)) from None

    return run


def _template(value: Any, where: str) -> tuple[Any, Path | None]:
    """Return the value and None where nothing in it depends on the input, else None and the function that makes it."""
    if isinstance(value, dict):
        return _object(value, where)
    if isinstance(value, list):
        items = [_template(item, f"{where}[{number}]") for number, item in enumerate(value)]
        if all(make is None for _, make in items):
            return value, None
        return None, lambda data, context: [c if make is None else make(data, context) for c, make in items]
    return value, None


def _object(value: dict[str, Any], where: str) -> tuple[Any, Path | None]:
    fields: list[tuple[str, Any, Path | None]] = []
    for key, inner in value.items():
        place_of = f"{where}.{key}"
        if key.endswith(".$"):
            fields.append((key[:-2], None, _expression(inner, place_of)))
        else:
            fields.append((key, *_template(inner, place_of)))
    if len({key for key, _, _ in fields}) < len(fields):
        raise BadDefinition(f"{where}: a field is there both as it is and with .$")
    if all(make is None for _, _, make in fields):
        return value, None
    return None, lambda data, context: {
        key: constant if make is None else make(data, context) for key, constant, make in fields
    }


def _expression(text: Any, where: str) -> Path:
    if not isinstance(text, str):
        raise BadDefinition(f"{where}: expected a path or an intrinsic function")
    try:
        return compile_expression(text)
    except BadPath as error:
        raise BadDefinition(f"{where}: {error}") from None
