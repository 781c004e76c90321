"""`python -m twbot.cli.check.importing FOLDER`: imports functions, whose names are lines of stdin.

What becomes of each is a line of JSON on stdout. It is a process of its own because an import runs code.
"""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path
from typing import Any, Literal

import msgspec

from twbot.lambdas.errors import FunctionFailed
from twbot.lambdas.own.running import load


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a function."""

    run: str
    state: Literal["begun", "fine", "failed", "unfit"]
    """`begun` is said before the import, `unfit` of what can't be called with (event, bot)."""
    says: str = ""
    traceback: str = ""
    file: str | None = None
    """Where an unfit function is."""
    line: int | None = None


def main() -> None:
    folder = Path(sys.argv[1])
    # What the modules print is no answer.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    for line in sys.stdin:
        run = line.strip()
        answers.write(msgspec.json.encode(Imported(run=run, state="begun")) + b"\n")
        answers.write(msgspec.json.encode(_imported(run, folder)) + b"\n")


def _imported(run: str, folder: Path) -> Imported:
    try:
        function = load(run, folder)
    except FunctionFailed as error:
        return Imported(run=run, state="failed", says=str(error), traceback=error.traceback or "")
    says = _unfit(function)
    return Imported(run=run, state="unfit", says=says, **_place(function)) if says else Imported(run=run, state="fine")


def _unfit(function: Any) -> str:
    """Return why a function can't be called with an event and a bot; an empty text where it can."""
    if inspect.isclass(function):
        return "is a class, not a function"
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        return "yields: return one answer instead"
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return ""
    try:
        signature.bind(object(), object())
    except TypeError:
        return f"takes {signature}, not (event, bot)"
    return ""


def _place(function: Any) -> dict[str, Any]:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return {"file": code.co_filename, "line": code.co_firstlineno} if code else {}


if __name__ == "__main__":
    main()
