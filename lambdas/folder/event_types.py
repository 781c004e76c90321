"""The types of events: ours, and those that the bot's folder declares in bot/events.toml."""

from __future__ import annotations

import re

from twbot.lambdas.contracts import DETAILS, RAW_TYPES
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.folder.records import EventFields

OURS = (*RAW_TYPES, *DETAILS)
_OWN = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
# A log group has 100 metric filters at most, of which ours take some:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
MAX_DECLARED = 50
# The name of a metric of ours that is no type: stacks/monitoring/metrics.py.
LIMITED = "X_LIMITS"


def is_own_type(name: str) -> bool:
    """Return whether an own event may have this type: capitals, digits and underscores, and none of twbot's own."""
    return _OWN.fullmatch(name) is not None and name not in OURS and name != LIMITED


def event_types() -> tuple[str, ...]:
    """Return the types that are counted on either platform: ours, and those of bot/events.toml. Raises TwbotError."""
    return (*OURS, *declared(bot_folder().events))


def declared(events: EventFields) -> tuple[str, ...]:
    """Return the types of bot/events.toml. Raises TwbotError where one can't be an own event's, or for too many."""
    for name in events:
        if not is_own_type(name):
            what = f"bot/events.toml: {name} is no type of an own event."
            raise TwbotError(what, "Capitals, digits and underscores, 64 at most, and none of twbot's own types")
    if len(events) > MAX_DECLARED:
        raise TwbotError(f"bot/events.toml declares {len(events)} types; {MAX_DECLARED} can be counted.")
    return tuple(events)


def publishes_others() -> bool:
    """Return whether the folder has functions, which may publish types that bot/events.toml does not declare.

    Those of twbot itself publish no events of their own.
    """
    folder = bot_folder()
    runs = [*folder.functions, *(step.run for step in folder.steps), *(rule.run for rule in folder.rules if rule.run)]
    return not all(run.startswith("twbot.") for run in runs)
