"""Deployed rules, compared with the declared ones, and how the deliveries to rules stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

State = Literal["enabled", "disabled", "missing", "other-pattern", "not-declared"]


class DeployedRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of the bus."""

    name: str
    """Our name; the name on the bus where the rule is not declared."""
    state: State
    """`enabled` where it is as declared, else what is different."""
    pattern: Any = None
    """The deployed pattern."""


class DeliveryCount(msgspec.Struct, frozen=True, kw_only=True):
    """How the deliveries to a rule stand."""

    rule: str
    hour: int
    """How many of the deliveries of events of the last hour are done."""
    day: int
    """How many of those of the last day."""
    waiting: int
    """How many wait for an attempt now."""
    dead: int
    """How many dead letters there are."""


def compared(declared: Mapping[str, tuple[str, Any]], found: Mapping[str, tuple[str, Any]]) -> list[DeployedRule]:
    """Compare the rules.

    `declared` has our name and the pattern of each rule by its name on the bus, `found` the state and the pattern.
    """
    rules = [
        DeployedRule(name=name, state=_state(pattern, found.get(on_bus)), pattern=found.get(on_bus, (None, None))[1])
        for on_bus, (name, pattern) in declared.items()
    ]
    undeclared = sorted(found.keys() - declared.keys())
    return rules + [DeployedRule(name=name, state="not-declared", pattern=found[name][1]) for name in undeclared]


def _state(declared: Any, found: tuple[str, Any] | None) -> State:
    if found is None:
        return "missing"
    state, pattern = found
    if pattern != declared:
        return "other-pattern"
    # ENABLED, or ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS.
    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Rule.html
    return "enabled" if state.startswith("ENABLED") else "disabled"
