"""What EventBridge can replay: it filters by rules, so a type can be chosen where a rule takes nothing else."""

from __future__ import annotations

import datetime

import msgspec

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.replays import ReplayRequest
from twbot.lambdas.wiring import REPLAY_WITH_REPLIES, Rule, rules_named

# So long egress remembers what it has answered (lambdas/aws/idempotency.py).
DEDUPLICATION_WINDOW = datetime.timedelta(days=30)


class Unfit(TwbotError):
    """EventBridge can't replay that; the text says what it can."""


def fitting(wanted: ReplayRequest) -> ReplayRequest:
    """With the rules that take what is wanted, and no pace. Raises Unfit."""
    if wanted.with_replies and datetime.datetime.now(datetime.UTC) - wanted.since > DEDUPLICATION_WINDOW:
        raise Unfit("What was answered more than 30 days ago could be answered twice: choose a later --since.")
    rules = rules_named(wanted.rules)
    if wanted.types:
        rules = _only(rules, set(wanted.types), chosen=bool(wanted.rules))
    return msgspec.structs.replace(wanted, rules=[rule.name for rule in rules], rate=None)


def types_of(rule: Rule) -> list[str] | None:
    """The types that a rule takes; None for all."""
    found: list[str] | None = rule.pattern.get("detail-type")
    return found


def takes(rule: Rule, *, with_replies: bool) -> bool:
    """Whether a rule takes what is replayed at all."""
    asked = rule.pattern.get("replay-name")
    return asked is None or (with_replies and {"prefix": REPLAY_WITH_REPLIES} in asked)


def _only(rules: list[Rule], types: set[str], *, chosen: bool) -> list[Rule]:
    narrow = [rule for rule in rules if (its := types_of(rule)) is not None and types.issuperset(its)]
    if narrow and (not chosen or len(narrow) == len(rules)):
        return narrow
    others = ", ".join(rule.name for rule in rules if rule not in narrow)
    why = f"these take other events, too: {others}" if chosen else f"none takes {', '.join(sorted(types))} only"
    raise Unfit(f"EventBridge replays to rules, not by type, and {why}. {_choices()}. Or leave out --type.")


def _choices() -> str:
    """The types that rules take, with the rules that take nothing else."""
    found: dict[str, list[str]] = {}
    for rule in rules_named([]):
        for kind in types_of(rule) or ():
            found.setdefault(kind, []).append(rule.name)
    return "By type there are: " + "; ".join(f"{kind} (to {', '.join(names)})" for kind, names in found.items())
