"""The result of one check of `twbot doctor`, on either platform."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["ok", "warning", "wrong", "skipped"]


class Check(msgspec.Struct, frozen=True):
    """The result of one check."""

    name: str
    state: State
    says: str
    """What was found, in words."""
    fix: str | None = None
    """The next thing to type or do."""
