"""The event rules of the system. CDK makes EventBridge rules of them; the local bus matches them directly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from twbot.lambdas.errors import TwbotError

Pattern = dict[str, Any]

# EventBridge marks a replayed event with `replay-name`; the events that it causes carry ReplayName in their detail.
# Neither is answered unless the name begins with the prefix that `twbot replay --with-replies` gives it:
# docs/decisions/0001-the-name-of-a-replay-says-whether-it-may-reply.md
REPLAY, REPLAY_WITH_REPLIES = "replay-", "with-replies-"
_MAY_REPLY: list[Any] = [{"exists": False}, {"prefix": REPLAY_WITH_REPLIES}]


class Rule(NamedTuple):
    """A rule of the event bus."""

    service: str
    """The microservice that owns the rule."""
    name: str
    pattern: Pattern
    """An EventBridge event pattern."""
    target: str
    """Where matching events go: a name that each platform resolves within `service`."""


EVERY_EVENT: Pattern = {"source": ["TWITTER", "BOT"]}
NEGATIVE: Pattern = {"detail-type": ["MESSAGE_ANALYSED"], "detail": {"Analysis": {"TextSentiment": ["NEGATIVE"]}}}

RULES = (
    Rule("plumbing", "log-every-event", EVERY_EVENT, "event-log"),
    Rule("analysis", "analyse-messages", {"detail-type": ["MESSAGE_RECEIVED"]}, "workflow"),
    Rule("alerting", "alert-on-negative", NEGATIVE, "topic"),
    # A second rule with the same pattern, as SNS cannot write the JSON that Slack and Discord expect:
    # docs/decisions/0006-who-hears-of-alerts-is-no-setting.md
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


def rules_named(names: Sequence[str]) -> list[Rule]:
    """Return the rules of these names, or all rules for no names. Raises TwbotError for an unknown name."""
    known = {rule.name: rule for rule in RULES}
    if unknown := [name for name in names if name not in known]:
        raise TwbotError(f"There is no rule {unknown[0]!r}; there are {', '.join(known)}.")
    return [known[name] for name in names] if names else list(RULES)
