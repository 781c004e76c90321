"""The lines of the analysis workflow's log: one for each step of an execution."""

from __future__ import annotations

from typing import Any

import msgspec


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the workflow's log, which is an event of an execution's history.

    https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    """

    id: int
    type: str
    event_timestamp: float
    """Epoch milliseconds."""
    execution_arn: str
    previous_event_id: int = 0
    """The event that led to this one; 0 for the first."""
    details: dict[str, Any] = {}
    """Without input and output: the stage does not log them, because people's words are in them."""

    @property
    def name(self) -> str | None:
        """The state that the event is about, where it is about one."""
        return self.details.get("name")

    @property
    def at(self) -> float:
        """Epoch seconds."""
        return self.event_timestamp / 1000


def step_in(text: str) -> Step | None:
    """Return the step in a line; None where it is none."""
    # Not strict: Step Functions writes numbers as text.
    try:
        return msgspec.json.decode(text, type=Step, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def problem(step: Step) -> str:
    """Return the error of a step, else its type: Step Functions may leave the error out, because it can hold input."""
    parts = [str(step.details[key]) for key in ("error", "cause") if step.details.get(key)]
    return ": ".join(parts)[:500] or step.type
