"""Boxes in pixels, and the placement of labels beside them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

# Pixels between a box and its label.
GAP = 4


class Box(NamedTuple):
    """Left, top, right and bottom, in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def overlap(self, other: Box) -> int:
        """Return the area, in square pixels, that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0, width) * max(0, height)

    def grown(self, factor: float) -> Box:
        """Return the box enlarged by a factor around its centre."""
        dx, dy = math.ceil(self.width * (factor - 1) / 2), math.ceil(self.height * (factor - 1) / 2)
        return Box(self.left - dx, self.top - dy, self.right + dx, self.bottom + dy)

    def within(self, size: tuple[int, int]) -> Box:
        """Return the part inside a picture of this size, at least one pixel."""
        left, top = max(0, min(self.left, size[0] - 1)), max(0, min(self.top, size[1] - 1))
        return Box(left, top, min(max(self.right, left + 1), size[0]), min(max(self.bottom, top + 1), size[1]))


def box_of(found: Mapping[str, Any], size: tuple[int, int]) -> Box | None:
    """Return Rekognition's BoundingBox in pixels; None where it is missing or not a box.

    It is in fractions of the picture, and may extend beyond it:
    https://docs.aws.amazon.com/rekognition/latest/APIReference/API_BoundingBox.html
    """
    box = found.get("BoundingBox") or {}
    try:
        left, top, width, height = (float(box[side]) for side in ("Left", "Top", "Width", "Height"))
    except (KeyError, TypeError, ValueError):
        return None
    if not all(map(math.isfinite, (left, top, width, height))) or width <= 0 or height <= 0:
        return None
    left, top, right, bottom = (min(max(edge, -1.0), 2.0) for edge in (left, top, left + width, top + height))
    pixels = (round(left * size[0]), round(top * size[1]), round(right * size[0]), round(bottom * size[1]))
    return Box(*pixels).within(size)


def place(
    label: tuple[int, int], beside: Box, size: tuple[int, int], *, labels: Sequence[Box], faces: Sequence[Box]
) -> Box:
    """Return the place of a label of this width and height: near its face, and hiding as little as possible."""
    # Hiding another label costs most, then hiding a face, then the distance, which only decides between equals. The
    # first place that hides nothing is taken, so the grid is seldom searched to its end.
    width, height = label
    spots = itertools.chain(_near(width, height, beside), _anywhere(width, height, beside, size))
    inside = (_pushed_in(spot, size) for spot in spots)
    best, least = None, math.inf
    for spot in inside:
        hidden = sum(spot.overlap(other) for other in faces)
        cost = 100 * sum(spot.overlap(other) for other in labels) + hidden + _distance(spot, beside) / 1000
        if cost < least:
            best, least = spot, cost
        if least < 1:
            break
    assert best is not None
    return best


def _near(width: int, height: int, face: Box) -> list[Box]:
    centre, middle = (face.left + face.right - width) // 2, (face.top + face.bottom - height) // 2
    corners = (
        (centre, face.top - height - GAP),
        (centre, face.bottom + GAP),
        (face.right + GAP, middle),
        (face.left - width - GAP, middle),
        (face.left, face.top - height - GAP),
        (face.left, face.bottom + GAP),
        (face.right - width, face.top - height - GAP),
        (face.right - width, face.bottom + GAP),
    )
    return [Box(left, top, left + width, top + height) for left, top in corners]


def _anywhere(width: int, height: int, face: Box, size: tuple[int, int]) -> list[Box]:
    """Return a grid of places over the picture, the nearest to the face first."""
    lefts = {*range(0, max(1, size[0] - width), max(1, width // 2)), size[0] - width}
    tops = {*range(0, max(1, size[1] - height), height + GAP), size[1] - height}
    spots = [Box(left, top, left + width, top + height) for left in lefts for top in tops]
    return sorted(spots, key=lambda spot: _distance(spot, face))


def _pushed_in(spot: Box, size: tuple[int, int]) -> Box:
    left = max(0, min(spot.left, size[0] - spot.width))
    top = max(0, min(spot.top, size[1] - spot.height))
    return Box(left, top, left + spot.width, top + spot.height)


def _distance(one: Box, other: Box) -> float:
    return math.hypot(
        (one.left + one.right - other.left - other.right) / 2, (one.top + one.bottom - other.top - other.bottom) / 2
    )
