"""Whether an event matches a rule of a stage, as EventBridge would decide: it keeps no record of what it matched."""

from __future__ import annotations

import functools

import msgspec

from twbot.lambdas.contracts import Event
from twbot.lambdas.folder.records import Pattern
from twbot.lambdas.wiring import Rule, own_rules, rules
from twbot.local.bus.patterns import CompiledPattern, compile_pattern
from twbot.stacks.functions import functions


def alerting_rule() -> Rule:
    """Return the rule whose events alert, by the topic. [alerts] of the bot's folder says which they are."""
    return next(rule for rule in rules() if rule.name == "alert-on-negative")


def raises_alert(event: Event) -> bool:
    """Return whether an event is one that people are alerted of."""
    return matches(alerting_rule(), event)


def matches(rule: Rule, event: Event) -> bool:
    """Return whether a rule takes an event."""
    return _compiled(msgspec.json.encode(rule.pattern))(msgspec.to_builtins(event))


def own_rules_with_functions() -> list[Rule]:
    """Return those of them whose target is a function of the stage: the others lead to an address on AWS."""
    return [rule for rule in own_rules() if rule.target in functions()]


@functools.cache
def _compiled(pattern: bytes) -> CompiledPattern:
    found: Pattern = msgspec.json.decode(pattern)
    return compile_pattern(found)
