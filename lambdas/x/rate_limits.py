"""X's limits, as the headers of its answers tell of them: for the log, and read from it again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

ANSWERED = "X answered"
# What is limited, by what the names of the headers begin with.
SPANS = {
    "x-rate-limit": "15 minutes",
    "x-user-limit-24hour": "the account's day",
    "x-app-limit-24hour": "the app's day",
}
_ID = re.compile(r"/[0-9]{3,}(?=/|$)")


class XLimit(msgspec.Struct, frozen=True, kw_only=True):
    """`call` may be made `left` more times until `reset`; times are epoch seconds, `noted` is when X said so."""

    call: str
    span: str
    allowed: int
    left: int
    reset: float | None
    noted: float


def call_name(method: str, path: str) -> str:
    """Which of X's calls it is: the path without the ids in it."""
    return f"{method} {_ID.sub('/:id', path)}"


def limit_fields(headers: Mapping[str, str]) -> dict[str, int]:
    """What the headers say of limits, as fields of a log line; anything that is no number is left out."""
    found = {f"{start}-{part}": headers.get(f"{start}-{part}", "") for start in SPANS for part in _PARTS}
    return {_field(name): int(text) for name, text in found.items() if text.isascii() and text.isdecimal()}


def limits_in(call: str, fields: Mapping[str, object], noted: float) -> list[XLimit]:
    """The limits that an answer told of."""
    found = []
    for start, span in SPANS.items():
        allowed, left, reset = (_number(fields.get(_field(f"{start}-{part}"))) for part in _PARTS)
        if allowed is not None and left is not None:
            limit = XLimit(call=call, span=span, allowed=int(allowed), left=int(left), reset=reset, noted=noted)
            found.append(limit)
    return found


def newest_limits(lines: Iterable[tuple[float, Mapping[str, object]]], now: float) -> list[XLimit]:
    """What still holds of the limits that log lines (with their times) tell of: the newest of each."""
    newest: dict[tuple[str, str], XLimit] = {}
    for noted, fields in sorted(lines, key=lambda line: line[0]):
        for limit in limits_in(str(fields.get("call", "")), fields, noted):
            newest[limit.call, limit.span] = limit
    return [limit for limit in newest.values() if limit.reset is None or limit.reset > now]


_PARTS = ("limit", "remaining", "reset")


def _field(header: str) -> str:
    return header.replace("-", "_")


def _number(value: object) -> float | None:
    """Also from text: a log's query answers so."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None
