"""From bytes to JSON that is safe to handle."""

from __future__ import annotations

from typing import Any

import msgspec

from twbot.lambdas.errors import Permanent

MAX_DEPTH = 50


class BadBody(Permanent):
    """Not a body of X's. `status` is the HTTP status it is answered with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object that the body is. Raises BadBody."""
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
    """What comes after us reads it recursively."""
    level: list[Any] = [parsed]
    for _ in range(MAX_DEPTH):
        children = (child for parent in level for child in (parent.values() if isinstance(parent, dict) else parent))
        level = [child for child in children if isinstance(child, dict | list)]
    return bool(level)
