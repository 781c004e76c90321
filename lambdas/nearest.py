"""Finds the known names that somebody may have meant, and says so: wherever a name is unknown."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def near(name: str, known: Iterable[str], *, count: int = 1, cutoff: float = 0.6) -> list[str]:
    """Return the known names that are like this one, the nearest first, whatever their case.

    count: names at most
    cutoff: how like they are at least: https://docs.python.org/3/library/difflib.html#difflib.get_close_matches
    """
    spelled: dict[str, str] = {}
    for each in known:
        spelled.setdefault(each.casefold(), each)
    return [spelled[each] for each in difflib.get_close_matches(name.casefold(), spelled, n=count, cutoff=cutoff)]


def did_you_mean(name: str, known: Iterable[str], spelled: str = "{}", *, cutoff: float = 0.6) -> str | None:
    """Return a hint with the nearest name, as it is typed; None where none is near.

    spelled: what is typed with it, such as `twbot query {}`
    """
    found = near(name, known, cutoff=cutoff)
    return f"Did you mean: {spelled.replace('{}', found[0])}" if found else None
