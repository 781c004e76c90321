"""Checks the detail of an own event against bot/events.toml."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from twbot.lambdas.errors import BadEvent


def check_fields(kind: str, detail: Mapping[str, Any], fields: Mapping[str, str] | None) -> None:
    """Raise BadEvent where a field of the detail is not declared or is of another type. None: anything goes."""
    if fields is None:
        return
    for name, value in detail.items():
        if name not in fields:
            raise BadEvent(f"{kind}: bot/events.toml has no field {name}; it has {', '.join(fields)}.")
        if value is not None and not _is(value, fields[name]):
            raise BadEvent(f"{kind}: {name}: expected {fields[name]}, got {value!r:.60}.")


def _is(value: object, kind: str) -> bool:
    if kind == "text":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63  # a bigint in SQL
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, datetime.datetime) or (isinstance(value, str) and _is_time(value))


def _is_time(text: str) -> bool:
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
