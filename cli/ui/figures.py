"""Numbers as people write them. Programs get them whole: in JSON, in CSV and in pipes."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import msgspec

DIGITS = 3  # significant ones


class Cell(msgspec.Struct, frozen=True):
    """A value that people and programs read differently."""

    value: Any
    """As programs read it, in a pipe."""
    text: str
    """As people read it, on a terminal."""


def count_text(number: int) -> str:
    """Format a count with its thousands grouped: 12,345. Not for ids."""
    return f"{number:,}"


def number_text(number: float) -> str:
    """Format a number with three significant digits, and all those of its whole part: 0.994, 12.3, 1,235."""
    if not math.isfinite(number):
        return str(number)
    if abs(number) >= 10 ** (DIGITS - 1):
        return f"{number:,.0f}"
    # A decimal has no exponent in this format, and none of the digits that binary fractions bring.
    text = f"{Decimal(f'{number:.{DIGITS}g}'):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent_text(share: float) -> str:
    """Format a share of 1 to a tenth of a percent: 99.4%, 12%."""
    if 0 < share < 0.0005:
        return "under 0.1%"
    return f"{number_text(round(share * 100, 1))}%"


def money_text(amount: float) -> str:
    """Format an amount of money to the hundredth; below one hundredth, to two digits that say something: 0.00042."""
    return f"{amount:,.2f}" if not amount or abs(amount) >= 0.01 else f"{amount:.{_zeros(amount) + 2}f}"


def size_text(size: int) -> str:
    """Format a number of bytes: 512 bytes, 13.9 kB, 2.1 GB."""
    from rich.filesize import decimal

    return decimal(size)


def duration_text(seconds: float) -> str:
    """Format a duration: 12 ms, 3.4 s, 5 min, 2 h."""
    for limit, unit, size, digits in (
        (1, "ms", 0.001, 0),
        (120, "s", 1, 1),
        (7200, "min", 60, 0),
        (172800, "h", 3600, 0),
    ):
        if seconds < limit:
            return f"{seconds / size:.{digits}f} {unit}"
    return f"{seconds / 86400:.0f} days"


def duration_cell(seconds: float | None) -> Cell | None:
    """Return a duration for a table: seconds to the millisecond for programs."""
    return None if seconds is None else Cell(round(seconds, 3), duration_text(seconds))


def percent_cell(share: float | None) -> Cell | None:
    """Return a share of 1 for a table: as it is for programs."""
    return None if share is None else Cell(share, percent_text(share))


def _zeros(amount: float) -> int:
    """Return the number of zeros between the point and the first other digit."""
    return -int(f"{amount:e}".partition("e")[2]) - 1
