"""JSONPath, compiled once: a plain path such as `$.a.b[0]['c-d']` to look-ups, a richer one by jsonpath-ng."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from twbot.local.workflow.scope import Context

Path = Callable[[Any, Context], Any]
Step = str | int

_STEP = re.compile(
    r"""\.(?P<name>[^\W\d][\w-]*)|\['(?P<one>(?:[^'\\]|\\.)*)'\]|\["(?P<two>(?:[^"\\]|\\.)*)"\]|\[(?P<index>-?\d+)\]"""
)


class NoSuchPath(LookupError):
    """The document has nothing at the path."""


class BadPath(ValueError):
    """The text is not a path."""


def reference_steps(text: str) -> list[Step] | None:
    """Return the steps of a reference path, which names one place; None for a richer path. Raises BadPath."""
    if not text.startswith("$"):
        raise BadPath(f"{text!r} is not a path: it must begin with $")
    steps: list[Step] = []
    position = 1
    while position < len(text):
        found = _STEP.match(text, position)
        if found is None:
            return None
        index, name = found["index"], found["name"]
        quoted = found["one"] if found["one"] is not None else found["two"]
        steps.append(int(index) if index is not None else name if name is not None else _unescape(quoted))
        position = found.end()
    return steps


def compile_path(text: str) -> Path:
    """Compile a path to a function of the input and the context, which raises NoSuchPath. Raises BadPath."""
    if text.startswith("$$"):
        in_context = compile_path(text[1:])
        return lambda _data, context: in_context(context.document(), context)
    steps = reference_steps(text)
    if steps is None:
        return _rich(text)
    if not steps:
        return lambda data, _context: data
    return lambda data, _context: follow(data, steps, text)


def follow(data: Any, steps: list[Step], text: str) -> Any:
    """Return the value at a reference path. Raises NoSuchPath, which names the path's `text`."""
    try:
        for step in steps:
            # Python would index a string by a number; JSONPath indexes arrays only.
            if isinstance(step, int) is not isinstance(data, list):
                raise KeyError(step)
            data = data[step]
    except (KeyError, IndexError, TypeError):
        raise NoSuchPath(f"The path {text!r} could not be found in the input") from None
    return data


def place(data: Any, steps: list[Step], value: Any) -> Any:
    """Return a copy of `data` with `value` at the path. Missing objects on the way are created. Raises NoSuchPath."""
    # Copy, because branches share their input: changing it in place would change a sibling's.
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        if not isinstance(data, list) or not 0 <= step < len(data):
            raise NoSuchPath(f"there is no element {step}")
        return [*data[:step], place(data[step], rest, value), *data[step + 1 :]]
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise NoSuchPath(f"there is no object to put {step!r} in")
    return {**data, step: place(data.get(step), rest, value)}


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _rich(text: str) -> Path:
    """Compile a path with wildcards, slices, filters or descendants. Its value is the list of all matches."""
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.ext.parser import parse

    try:
        parsed = parse(text)
    except JSONPathError as error:
        raise BadPath(f"{text!r} is not a path: {error}") from None
    return lambda data, _context: [match.value for match in parsed.find(data)]
