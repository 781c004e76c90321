"""What `twbot doctor` thinks of the last hour."""

from __future__ import annotations

from cli.operations import condition
from cli.stage import Place
from lambdas.errors import TwbotError
from lambdas.operating.checks import Check
from lambdas.x_errors import Reason

NAME = "last hour"
# What ends all replies, and what to do about it.
ENDS = {
    Reason.CAP_REACHED: "Raise X's cap at console.x.com, or wait for the month",
    Reason.NO_CREDITS: "Buy credits at console.x.com",
    Reason.BAD_KEYS: "twbot secrets rotate{option}",
}


def the_hour(place: Place) -> Check:
    """Wrong is what goes on going wrong until somebody does something."""
    try:
        hour = condition(place).look().last_hour
    except TwbotError as problem:
        return Check(NAME, "warning", f"could not be looked at: {problem}", getattr(problem, "hint", None))
    counted = f"{sum(hour.messages):.0f} messages, {sum(hour.replies):.0f} replies, {sum(hour.failures):.0f} failures"
    reasons = ", ".join(f"{count} {reason}" for reason, count in hour.failed.items())
    says = f"{counted} ({reasons})" if reasons else counted
    for reason, fix in ENDS.items():
        if reason in hour.failed:
            return Check(NAME, "wrong", says, fix.replace("{option}", place.option))
    if any(hour.failures):
        return Check(NAME, "warning", says, f"See why: twbot logs --level warning{place.option}")
    return Check(NAME, "ok", says)
