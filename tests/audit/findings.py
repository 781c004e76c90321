"""What an audit found, and how sure it is of it."""

from __future__ import annotations

import enum
from typing import NamedTuple


class Outcome(enum.IntEnum):
    """The outcome of an audit, which is the exit code as well. The larger one counts."""

    CLEAN = 0
    NOT_AUDITED = 3
    """It could not look: that is not the same as clean."""
    FOUND = 4


class Audit(NamedTuple):
    """The result of one audit."""

    name: str
    outcome: Outcome
    summary: str
    details: tuple[str, ...] = ()
