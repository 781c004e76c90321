"""One thing that `twbot doctor` looked at, on either platform."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["ok", "warning", "wrong", "skipped"]


class Check(msgspec.Struct, frozen=True):
    """One check; `fix` is the next thing to type or do."""

    name: str
    state: State
    says: str
    fix: str | None = None
