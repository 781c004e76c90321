"""One thing that was looked at, by `twbot doctor` or before a deployment, and how its state is shown."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["ok", "warning", "wrong", "skipped"]
# By state: the mark, and its style.
MARKS: dict[State, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "warning": ("!", "yellow"),
    "wrong": ("✗", "bold red"),
    "skipped": ("-", "dim"),
}
# Seconds. AWS refuses what is signed with a clock that is five minutes off, X one of four.
MAX_CLOCK_SKEW = 60.0


class Check(msgspec.Struct, frozen=True):
    """One check; `fix` is the next thing to type or do."""

    name: str
    state: State
    says: str
    fix: str | None = None
