"""The map of the system: which event goes where. CDK makes rules of it, the local bus matches it as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from twbot.lambdas.contracts import REPLAY_WITH_REPLIES
from twbot.lambdas.errors import TwbotError

Pattern = dict[str, Any]

# What a replay brings back carries `replay-name`, what that causes carries ReplayName: neither is answered again,
# unless the operator named the replay so (`twbot replay --with-replies`).
_MAY_REPLY: list[Any] = [{"exists": False}, {"prefix": REPLAY_WITH_REPLIES}]


class Rule(NamedTuple):
    """Events that match `pattern` go to `target`, a name that each platform resolves within `service`."""

    service: str
    name: str
    pattern: Pattern
    target: str


EVERY_EVENT: Pattern = {"source": ["TWITTER", "BOT"]}
NEGATIVE: Pattern = {"detail-type": ["MESSAGE_ANALYSED"], "detail": {"Analysis": {"TextSentiment": ["NEGATIVE"]}}}

RULES = (
    Rule("plumbing", "log-every-event", EVERY_EVENT, "event-log"),
    Rule("analysis", "analyse-messages", {"detail-type": ["MESSAGE_RECEIVED"]}, "workflow"),
    Rule("alerting", "alert-on-negative", NEGATIVE, "topic"),
    Rule("alerting", "notify-on-negative", NEGATIVE, "notify-function"),
    Rule(
        "responding",
        "answer-images",
        {
            "detail-type": ["MESSAGE_ANALYSED"],
            "replay-name": _MAY_REPLY,
            "detail": {
                "Summoned": [True],
                "ReplayName": _MAY_REPLY,
                "Analysis": {"Images": {"Key": [{"exists": True}]}},
            },
        },
        "image-function",
    ),
    Rule(
        "responding",
        "answer-texts",
        {
            "detail-type": ["MESSAGE_ANALYSED"],
            "replay-name": _MAY_REPLY,
            "detail": {
                "Summoned": [True],
                "ReplayName": _MAY_REPLY,
                "Analysis": {"Images": {"Key": [{"exists": False}]}},
            },
        },
        "text-function",
    ),
    Rule(
        "egress",
        "send-tweets",
        {
            "detail-type": ["SEND_TWEET"],
            "replay-name": _MAY_REPLY,
            "detail": {"ReplayName": _MAY_REPLY},
        },
        "tweet-queue",
    ),
    Rule("analytics", "keep-every-event", EVERY_EVENT, "lake"),
)

# The microservices that take events from the bus, and the one that each rule is of.
SERVICES = tuple(dict.fromkeys(rule.service for rule in RULES))
SERVICE_OF = {rule.name: rule.service for rule in RULES}


def rules_named(names: Sequence[str]) -> list[Rule]:
    """All of them for no names. Raises TwbotError."""
    known = {rule.name: rule for rule in RULES}
    if unknown := [name for name in names if name not in known]:
        raise TwbotError(f"There is no rule {unknown[0]!r}; there are {', '.join(known)}.")
    return [known[name] for name in names] if names else list(RULES)
