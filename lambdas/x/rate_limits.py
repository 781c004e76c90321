"""X's rate limits: read from the headers of its answers, written to the log, and read from the log again.

https://docs.x.com/fundamentals/rate-limits
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

ANSWERED = "X answered"
# The period of each limit, by the prefix of its headers.
SPANS = {
    "x-rate-limit": "15 minutes",
    "x-user-limit-24hour": "the account's day",
    "x-app-limit-24hour": "the app's day",
}
_ID = re.compile(r"/[0-9]{3,}(?=/|$)")


class XLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A rate limit of one of X's calls."""

    call: str
    """As `call_name` returns it."""
    span: str
    """The period, one of SPANS' values."""
    allowed: int
    """Number of calls allowed in the period."""
    left: int
    """Number of calls left until `reset`."""
    reset: float | None
    """Epoch seconds at which the next period begins."""
    noted: float
    """Epoch seconds of X's answer."""


def call_name(method: str, path: str) -> str:
    """Return the name of a call: its method and path, with `:id` for each id."""
    return f"{method} {_ID.sub('/:id', path)}"


def limit_fields(headers: Mapping[str, str]) -> dict[str, int]:
    """Return the rate limits in the headers as fields of a log line, without values that are no numbers."""
    found = {f"{start}-{part}": headers.get(f"{start}-{part}", "") for start in SPANS for part in _PARTS}
    return {_field(name): int(text) for name, text in found.items() if text.isascii() and text.isdecimal()}


def limits_in(call: str, fields: Mapping[str, object], noted: float) -> list[XLimit]:
    """Return the limits in the log fields of one answer, which came at `noted` (epoch seconds)."""
    found = []
    for start, span in SPANS.items():
        allowed, left, reset = (_number(fields.get(_field(f"{start}-{part}"))) for part in _PARTS)
        if allowed is not None and left is not None:
            limit = XLimit(call=call, span=span, allowed=int(allowed), left=int(left), reset=reset, noted=noted)
            found.append(limit)
    return found


def newest_limits(lines: Iterable[tuple[float, Mapping[str, object]]], now: float) -> list[XLimit]:
    """Return the newest of each limit in log lines, which come with their times, unless it was reset before `now`."""
    newest: dict[tuple[str, str], XLimit] = {}
    for noted, fields in sorted(lines, key=lambda line: line[0]):
        for limit in limits_in(str(fields.get("call", "")), fields, noted):
            newest[limit.call, limit.span] = limit
    return [limit for limit in newest.values() if limit.reset is None or limit.reset > now]


_PARTS = ("limit", "remaining", "reset")


def _field(header: str) -> str:
    return header.replace("-", "_")


def _number(value: object) -> float | None:
    """Return a number, also from text, as CloudWatch Logs Insights returns every value as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None
