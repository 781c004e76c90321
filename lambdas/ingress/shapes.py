"""Reading JSON whose shape nobody guarantees: each of these gives what was asked for, or an empty one."""

from __future__ import annotations

from typing import Any


def table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[dict[str, Any]]:
    """The objects of an array; whatever else it holds is left out."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def words(value: object) -> str:
    return value if isinstance(value, str) else ""


def number(value: object, default: int = 0) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def identity(holder: object, name: str = "id") -> str:
    """An id in X's decimal digits: the string twin `<name>_str` where there is one, "" where there is none."""
    found = table(holder).get(f"{name}_str") or table(holder).get(name)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    digits = str(found)
    return digits if digits.isascii() and digits.isdigit() and len(digits) <= 20 else ""


def unwrapped(value: object) -> dict[str, Any]:
    """An object that X sometimes wraps as {"data": {…}}."""
    return table(table(value).get("data")) or table(value)
