"""Lines of the analysis workflow's log."""

from __future__ import annotations

from typing import Any

import msgspec


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the workflow's log. `details` are without input and output: our log leaves those out."""

    id: int
    type: str
    event_timestamp: float
    execution_arn: str
    previous_event_id: int = 0
    details: dict[str, Any] = {}

    @property
    def name(self) -> str | None:
        return self.details.get("name")

    @property
    def at(self) -> float:
        return self.event_timestamp / 1000


def step_in(text: str) -> Step | None:
    """None for what is no line of the workflow."""
    try:
        return msgspec.json.decode(text, type=Step, strict=False)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def problem(step: Step) -> str:
    """The error, where the log says it: what people wrote could be in it, so Step Functions may leave it out."""
    said = [str(step.details[key]) for key in ("error", "cause") if step.details.get(key)]
    return ": ".join(said)[:500] or step.type
