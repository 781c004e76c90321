"""Parses a webhook's body into JSON that is safe to process."""

from __future__ import annotations

from typing import Any

import msgspec

from twbot.lambdas.errors import Permanent

# The consumers of the events read them recursively, so the depth of what a stranger can send is bounded.
MAX_DEPTH = 50


class BadBody(Permanent):
    """The body is not one that X sends. `status` is the HTTP status of the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def parse(body: bytes) -> dict[str, Any]:
    """Return the JSON object in the body. Raises BadBody."""
    try:
        parsed = msgspec.json.decode(body)
    except RecursionError:
        raise BadBody(400, "The body is nested too deeply.") from None
    except (ValueError, OverflowError):
        raise BadBody(400, "The body is not JSON.") from None
    if not isinstance(parsed, dict):
        raise BadBody(422, "The body is not a JSON object.")
    if _is_too_deep(parsed):
        raise BadBody(400, "The body is nested too deeply.")
    return parsed


def _is_too_deep(parsed: object) -> bool:
    # Level by level rather than recursively, so that a hostile body cannot exhaust the stack here.
    level: list[Any] = [parsed]
    for _ in range(MAX_DEPTH):
        children = (child for parent in level for child in (parent.values() if isinstance(parent, dict) else parent))
        level = [child for child in children if isinstance(child, dict | list)]
    return bool(level)
