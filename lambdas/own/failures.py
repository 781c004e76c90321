"""The words by which the log and the dead letters of a stage tell which own rule they are about."""

from __future__ import annotations

import re

# The line of the log after a rule's function, or its address, has taken an event.
RAN = "the rule has run"
_NAMED = re.compile(r"rule ([a-z][a-z0-9-]*): ")


def named_after(rule: str, message: str) -> str:
    """Return the message of an error that names the rule it is about."""
    return f"rule {rule}: {message}"


def rule_in(message: str) -> str | None:
    """Return the rule that an error names; None for one that names none, such as Lambda's own of a time-out."""
    found = _NAMED.match(message)
    return found[1] if found else None
