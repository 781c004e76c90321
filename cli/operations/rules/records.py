"""The rules that are deployed, beside those that are declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

State = Literal["enabled", "disabled", "missing", "other-pattern", "not-declared"]


class DeployedRule(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: as declared and switched on, or what is different; `pattern` is the deployed one."""

    name: str
    state: State
    pattern: Any = None


def compared(declared: Mapping[str, tuple[str, Any]], found: Mapping[str, tuple[str, Any]]) -> list[DeployedRule]:
    """`declared`: by the name on the bus, our name and the pattern; `found`: by the same, the state and the pattern."""
    rules = [
        DeployedRule(name=name, state=_state(pattern, found.get(there)), pattern=found.get(there, (None, None))[1])
        for there, (name, pattern) in declared.items()
    ]
    strangers = sorted(found.keys() - declared.keys())
    return rules + [DeployedRule(name=name, state="not-declared", pattern=found[name][1]) for name in strangers]


def _state(declared: Any, found: tuple[str, Any] | None) -> State:
    if found is None:
        return "missing"
    state, pattern = found
    if pattern != declared:
        return "other-pattern"
    return "enabled" if state.startswith("ENABLED") else "disabled"
