"""Read JSON of uncertain shape: each function returns the requested type, empty where the value is another."""

from __future__ import annotations

from typing import Any


def table(value: object) -> dict[str, Any]:
    """Return the object, or an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[dict[str, Any]]:
    """Return the objects of an array, without its other elements."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def words(value: object) -> str:
    """Return the string, or an empty one."""
    return value if isinstance(value, str) else ""


def number(value: object, default: int = 0) -> int:
    """Return the integer, or the default."""
    # bool is a subclass of int: https://docs.python.org/3/library/functions.html#bool
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def identity(holder: object, name: str = "id") -> str:
    """Return an id as decimal digits, "" where there is none."""
    # `<name>_str` first: whoever produced the JSON with 53-bit numbers has rounded the number beside it.
    # https://docs.x.com/fundamentals/x-ids
    found = table(holder).get(f"{name}_str") or table(holder).get(name)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    # Ids end up in keys and URLs: only digits, and no more than the 20 of a 64-bit number.
    digits = str(found)
    return digits if digits.isascii() and digits.isdigit() and len(digits) <= 20 else ""


def unwrapped(value: object) -> dict[str, Any]:
    """Return an object that X sometimes wraps as {"data": {…}}."""
    return table(table(value).get("data")) or table(value)
