"""The result of one check, of `twbot doctor` or before a deployment, and how its state is shown."""

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


class Check(msgspec.Struct, frozen=True):
    """The result of one check."""

    name: str
    state: State
    says: str
    """What was found, in words."""
    fix: str | None = None
    """The next thing to type or do."""
