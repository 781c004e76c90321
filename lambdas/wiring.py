"""The event rules of the system. CDK makes EventBridge rules of them; the local bus matches them directly."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from twbot.lambdas.contracts import REPLAY_WITH_REPLIES
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import FILE, BotFolder, bot_folder, project
from twbot.lambdas.folder.records import OwnRule, Pattern
from twbot.lambdas.settings import is_safe_url

# EventBridge marks a replayed event with `replay-name`; the events that it causes carry ReplayName in their detail.
# Neither is answered unless the name begins with the prefix that `twbot replay --with-replies` gives it:
# docs/decisions/0001-the-name-of-a-replay-says-whether-it-may-reply.md
_NO_REPLAY: list[Any] = [{"exists": False}]
_MAY_REPLY: list[Any] = [{"exists": False}, {"prefix": REPLAY_WITH_REPLIES}]
# Who asks to be left alone is not answered by the chatbot.
_NOT_OUT: list[Any] = [{"exists": False}, False]


class Rule(NamedTuple):
    """A rule of the event bus."""

    service: str
    """The microservice that owns the rule."""
    name: str
    pattern: Pattern
    """An EventBridge event pattern."""
    target: str
    """Where matching events go: a name that each platform resolves within `service`."""
    description: str = ""
    """The target in a few words."""
    publishes: tuple[str, ...] = ()
    """The types of the events that the target publishes."""
    reaches_people: bool = False
    """Whether people see what the target does: an alert, a reply."""

    @property
    def types(self) -> list[str] | None:
        """Return the event types that the rule takes; None where it may take others than it names."""
        found: list[Any] | None = self.pattern.get("detail-type")
        return found if found is not None and all(isinstance(each, str) for each in found) else None

    def may_take(self, kind: str) -> bool:
        """Return whether the rule may take events of a type: true where its pattern would have to be matched."""
        found: list[Any] | None = self.pattern.get("detail-type")
        return found is None or any(_may_match(each, kind) for each in found)

    def takes_replays(self, *, with_replies: bool) -> bool:
        """Return whether the rule takes what a replay delivers or causes (docs/decisions/0001)."""
        pattern = self.pattern.get("replay-name")
        return pattern is None or (with_replies and {"prefix": REPLAY_WITH_REPLIES} in pattern)


def _may_match(matcher: Any, kind: str) -> bool:
    if isinstance(matcher, dict) and isinstance(prefix := matcher.get("prefix"), str):
        return kind.startswith(prefix)
    return not isinstance(matcher, str) or matcher == kind


EVERY_EVENT: Pattern = {"source": ["TWITTER", "BOT"]}
ANALYSED = {"detail-type": ["MESSAGE_ANALYSED"]}
NEGATIVE: Pattern = {**ANALYSED, "detail": {"Analysis": {"TextSentiment": ["NEGATIVE"]}}}
OWN = "own"

# The rules of twbot itself. With those of the bot's folder: rules().
RULES = (
    Rule("plumbing", "log-every-event", EVERY_EVENT, "event-log", "the event log"),
    Rule(
        "ingress",
        "complete-posts",
        # Not of a replay, which brings back the MESSAGE_RECEIVED as well: its own would not bear the replay's name.
        {"detail-type": ["POST_INCOMPLETE"], "replay-name": [{"exists": False}]},
        "complete-function",
        "X, which is asked for what it left out",
        ("MESSAGE_RECEIVED",),
    ),
    Rule(
        "analysis",
        "analyse-messages",
        {"detail-type": ["MESSAGE_RECEIVED"]},
        "workflow",
        "the analysis workflow",
        ("MESSAGE_ANALYSED", "ANALYSIS_FAILED"),
    ),
    Rule(
        "alerting",
        "alert-on-negative",
        NEGATIVE,
        "topic",
        "the alert topic, by the alert function",
        reaches_people=True,
    ),
    # A second rule with the same pattern, as SNS cannot write the JSON that Slack and Discord expect:
    # docs/decisions/0006-who-hears-of-alerts-is-no-setting.md
    Rule(
        "alerting",
        "notify-on-negative",
        NEGATIVE,
        "notify-function",
        "the notify function: Slack and Discord",
        reaches_people=True,
    ),
    Rule(
        "responding",
        "answer-images",
        {
            "detail-type": ["MESSAGE_ANALYSED"],
            "replay-name": _MAY_REPLY,
            "detail": {
                "Summoned": [True],
                "OptOut": _NOT_OUT,
                "ReplayName": _MAY_REPLY,
                "Analysis": {"Images": {"Key": [{"exists": True}]}},
            },
        },
        "image-function",
        "the picture with the names",
        ("SEND_TWEET",),
    ),
    Rule(
        "responding",
        "answer-texts",
        {
            "detail-type": ["MESSAGE_ANALYSED"],
            "replay-name": _MAY_REPLY,
            "detail": {
                "Summoned": [True],
                "OptOut": _NOT_OUT,
                "ReplayName": _MAY_REPLY,
                "Analysis": {"Images": {"Key": [{"exists": False}]}},
            },
        },
        "text-function",
        "the chatbot",
        ("SEND_TWEET",),
    ),
    # To the queue of the replies: whoever asks for no more replies gets none of those behind it.
    Rule(
        "egress",
        "honour-opt-outs",
        {
            "detail-type": ["MESSAGE_RECEIVED"],
            "replay-name": _NO_REPLAY,
            "detail": {"OptOut": [True, False], "ReplayName": _NO_REPLAY},
        },
        "tweet-queue",
        "the opt-out list",
        ("TWEET_SENT", "TWEET_FAILED", "TWEET_WITHHELD"),
        reaches_people=True,
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
        "X, as a reply",
        ("TWEET_SENT", "TWEET_FAILED", "TWEET_WITHHELD"),
        reaches_people=True,
    ),
    Rule("analytics", "keep-every-event", EVERY_EVENT, "lake", "the data lake"),
)
# What the webhook puts on the bus; TWITTER_* are the raw events.
WEBHOOK_PUBLISHES = ("TWITTER_*", "MESSAGE_RECEIVED", "POST_INCOMPLETE")


def rules() -> tuple[Rule, ...]:
    """Return all rules of the bot: those of twbot and of its folder. Raises TwbotError where that can't be read."""
    return _rules(project())


@functools.cache
def _rules(_: Path) -> tuple[Rule, ...]:
    folder = bot_folder()
    refuse_clashes(folder)
    ours = (rule._replace(pattern=any_of(folder.alerts)) if rule.service == "alerting" else rule for rule in RULES)
    return (*ours, *map(own_rule, folder.rules))


def refuse_clashes(folder: BotFolder) -> None:
    """Raise TwbotError for rules and steps that could not be told apart, or that lead nowhere or to two places.

    A rule with the name of one of ours would take its place: nothing would be answered.
    """
    taken, hint = {rule.name for rule in RULES}, "See where: twbot check"
    for rule in folder.rules:
        if rule.name in taken:
            raise TwbotError(f"{FILE}: there are two rules {rule.name}, with those of twbot.", hint)
        if (rule.run is None) == (rule.to is None):
            raise TwbotError(f"{FILE}: the rule {rule.name} needs `run` or `to`, and not both.", hint)
        if rule.to is not None and not (is_safe_url(rule.to) or rule.to.startswith("arn:")):
            raise TwbotError(f"{FILE}: the rule {rule.name} needs an https:// address or an ARN in `to`.", hint)
        taken.add(rule.name)
    # The fields of SQL are the same in any letter case.
    steps = [step.name.lower() for step in folder.steps]
    if twice := next((step.name for step in folder.steps if steps.count(step.name.lower()) > 1), None):
        raise TwbotError(f"{FILE}: there are two steps {twice}, in any letter case.", hint)


def own_rule(declared: OwnRule) -> Rule:
    """Return the rule of a table [[rules]] of twbot.toml."""
    pattern = {**({} if _names_types(declared.when) else ANALYSED), **declared.when}
    if not declared.replays:
        detail = {"ReplayName": _NO_REPLAY, **pattern.get("detail", {})}
        pattern = {"replay-name": _NO_REPLAY, **pattern, "detail": detail}
    place = declared.run or declared.to or ""
    publishes = ("SEND_TWEET",) if declared.run else ()
    return Rule(OWN, declared.name, pattern, f"own-{declared.name}", place, publishes, reaches_people=True)


def _names_types(pattern: Pattern) -> bool:
    """Return whether a pattern says which types it is about: itself, or a branch of its `$or`."""
    branches = pattern.get("$or", [])
    return "detail-type" in pattern or (
        isinstance(branches, list) and any(isinstance(each, dict) and _names_types(each) for each in branches)
    )


def any_of(patterns: Sequence[Pattern]) -> Pattern:
    """Return the pattern of messages that match any of the patterns; of those of negative sentiment for none.

    Raises TwbotError for a pattern over other events.
    """
    if not patterns:
        return NEGATIVE
    if any(_names_types(each) and each.get("detail-type") != ANALYSED["detail-type"] for each in patterns):
        raise TwbotError("[alerts]: when is about MESSAGE_ANALYSED.", "Leave its detail-type out")
    return {**ANALYSED, **(patterns[0] if len(patterns) == 1 else {"$or": list(patterns)})}


def own_rules() -> list[Rule]:
    """Return the rules of the bot's folder."""
    return [rule for rule in rules() if rule.service == OWN]


def services() -> tuple[str, ...]:
    """Return the microservices that take events from the bus."""
    return tuple(dict.fromkeys(rule.service for rule in rules()))


def services_with_dead_letters() -> tuple[str, ...]:
    """Return the microservices that may have dead letters: those, and `own`, whose last rule may be gone."""
    return tuple(dict.fromkeys((*services(), OWN)))


def service_of(rule: str) -> str | None:
    """Return the microservice that owns a rule; None for an unknown one."""
    return next((each.service for each in rules() if each.name == rule), None)


def rules_named(names: Sequence[str]) -> list[Rule]:
    """Return the rules of these names, or all rules for no names. Raises TwbotError for an unknown name."""
    known = {rule.name: rule for rule in rules()}
    if unknown := [name for name in names if name not in known]:
        raise TwbotError(f"There is no rule {unknown[0]!r}; there are {', '.join(known)}.")
    return [known[name] for name in names] if names else list(rules())


def caused_by(rule: Rule) -> list[Rule]:
    """Return the rules that take what the target of a rule publishes."""
    chosen = [each for each in rules() if each.service == OWN or "detail-type" in each.pattern]
    return [each for each in chosen if any(map(each.may_take, rule.publishes))]


def leads_to_reply(rule: Rule) -> bool:
    """Return whether an event that the rule takes may become a reply."""
    pending, seen = [rule], set[str]()
    while pending:
        each = pending.pop()
        if "TWEET_SENT" in each.publishes:
            return True
        if each.name not in seen:
            seen.add(each.name)
            pending += caused_by(each)
    return False
