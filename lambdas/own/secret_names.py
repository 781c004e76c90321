"""Where a secret of the bot's own functions is in Secrets Manager."""

from __future__ import annotations


def secret_name(stage: str, name: str) -> str:
    """Return the name that `twbot secrets put NAME --stage STAGE` stores a secret under."""
    return f"twbot/{stage}/{name}"
