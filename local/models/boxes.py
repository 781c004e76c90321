"""Compares boxes on a picture."""

from __future__ import annotations

from typing import Protocol


class Sides(Protocol):
    """A box by its sides, in pixels or in shares of the picture."""

    @property
    def left(self) -> float: ...
    @property
    def top(self) -> float: ...
    @property
    def right(self) -> float: ...
    @property
    def bottom(self) -> float: ...


def overlap(one: Sides, other: Sides) -> float:
    """Return how much two boxes share: intersection over union, from 0 to 1."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (_area(one) + _area(other) - shared)


def _area(box: Sides) -> float:
    return (box.right - box.left) * (box.bottom - box.top)
