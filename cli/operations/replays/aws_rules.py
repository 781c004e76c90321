"""Fits a replay to EventBridge, which filters by rule: types can be chosen only where a rule takes nothing else."""

from __future__ import annotations

import datetime

import msgspec

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.replays import ReplayRequest
from twbot.lambdas.retention import RETENTION_DAYS
from twbot.lambdas.wiring import Rule, rules_named


class UnsupportedReplay(TwbotError):
    """EventBridge can't do the replay. The text says what it can."""


def supported_request(request: ReplayRequest) -> ReplayRequest:
    """Return the request with rules in place of types, and without a rate. Raises UnsupportedReplay."""
    # Egress remembers for this long which posts it has answered.
    remembered = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=RETENTION_DAYS)
    if request.with_replies and request.since < remembered:
        raise UnsupportedReplay(
            f"What was answered more than {RETENTION_DAYS} days ago could be answered twice: choose a later --since."
        )
    rules = rules_named(request.rules)
    if request.types:
        rules = _only(rules, set(request.types), chosen=bool(request.rules))
    return msgspec.structs.replace(request, rules=[rule.name for rule in rules], rate=None)


def _only(rules: list[Rule], types: set[str], *, chosen: bool) -> list[Rule]:
    # A rule that also takes other types would get those, too.
    narrow = [rule for rule in _replayable(rules) if (its := rule.types) is not None and types.issuperset(its)]
    if narrow and (not chosen or len(narrow) == len(rules)):
        return narrow
    others = ", ".join(rule.name for rule in rules if rule not in narrow)
    reason = f"these take other events, too: {others}" if chosen else f"none takes {', '.join(sorted(types))} only"
    raise UnsupportedReplay(
        f"EventBridge replays to rules, not by type, and {reason}. {_choices()}. Or leave out --type."
    )


def _replayable(rules: list[Rule]) -> list[Rule]:
    return [rule for rule in rules if rule.takes_replays(with_replies=True)]


def _choices() -> str:
    """Return the choices in words: each type that a rule names, with its rules."""
    found: dict[str, list[str]] = {}
    for rule in _replayable(rules_named([])):
        for kind in rule.types or ():
            found.setdefault(kind, []).append(rule.name)
    return "By type there are: " + "; ".join(f"{kind} (to {', '.join(names)})" for kind, names in found.items())
