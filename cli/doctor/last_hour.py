"""The checks of the replies and of the last hour, on either platform."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from twbot.cli.operations.status.port import status_of
from twbot.cli.operations.target import Target
from twbot.cli.screens.status import paused
from twbot.cli.ui.check import Check
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.settings import settings_file
from twbot.lambdas.x.errors import Reason

if TYPE_CHECKING:
    from twbot.cli.operations.status.records import LastHour
    from twbot.lambdas.egress.permission import Switch

NAME = "last hour"
# The failures after which no reply goes out until somebody does something, and what to do.
ENDS = {
    Reason.CAP_REACHED: "Raise X's cap at console.x.com, or wait for the month",
    Reason.NO_CREDITS: "Buy credits at console.x.com",
    Reason.BAD_KEYS: "twbot secrets rotate{option}",
}


def check_last_hour(target: Target) -> Iterator[Check]:
    """Yield whether the bot may reply, and what happened in the last hour."""
    try:
        found = status_of(target).read()
    except TwbotError as problem:
        yield Check(NAME, "warning", f"could not be looked at: {problem}", getattr(problem, "hint", None))
        return
    yield _replies(found.switch, target)
    yield _hour(found.last_hour, target)
    for each in found.unread:
        yield Check("logs", "warning", f"could not be read, {each}")


def _replies(switch: Switch, target: Target) -> Check:
    from twbot.lambdas.settings import load

    try:
        configured = load(settings_file(), target.stage).replies
    except TwbotError:
        return Check("replies", "skipped", "not looked at, because of the settings")
    if not configured:
        fix = f"replies = true in [stages.{target.stage}] of twbot.toml, then start or deploy it again"
        return Check("replies", "warning", "twbot.toml switches them off", fix)
    if switch.stops(time.time()):
        return Check("replies", "warning", paused(switch), f"twbot replies resume{target.option}")
    limits = {"to a person": switch.per_person, "in all": switch.per_hour}
    words = ", ".join(f"{limit} an hour {which}" for which, limit in limits.items() if limit is not None)
    return Check("replies", "ok", f"on, at most {words}" if words else "on, without a limit")


def _hour(hour: LastHour, target: Target) -> Check:
    """Check the last hour. Wrong are failures that do not end by themselves, a warning are the others."""
    counted = f"{sum(hour.messages):.0f} messages, {sum(hour.replies):.0f} replies, {sum(hour.failures):.0f} failures"
    reasons = ", ".join(f"{count} {reason}" for reason, count in hour.failed.items())
    says = f"{counted} ({reasons})" if reasons else counted
    for reason, fix in ENDS.items():
        if reason in hour.failed:
            return Check(NAME, "wrong", says, fix.replace("{option}", target.option))
    if any(hour.failures):
        return Check(NAME, "warning", says, f"See why: twbot logs --level warning{target.option}")
    return Check(NAME, "ok", says)
