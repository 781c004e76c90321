"""Turns, scales and shifts a part of a picture so that given points come to lie at given places."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Points = npt.NDArray[np.float64]


class Similarity(NamedTuple):
    """A turn, scale and shift in the plane: matrix @ point + shift."""

    matrix: Any
    """2 by 2."""
    shift: Any
    """2."""

    def apply(self, points: Any) -> Points:
        """Return the points (n by 2) after the turn, scale and shift."""
        moved: Points = points @ self.matrix.T + self.shift
        return moved

    def inverse(self) -> Similarity:
        """Return what undoes it."""
        import numpy as np

        matrix = np.linalg.inv(self.matrix)
        return Similarity(matrix, -matrix @ self.shift)

    @property
    def scale(self) -> float:
        """Return by what lengths grow."""
        return math.hypot(self.matrix[0, 0], self.matrix[1, 0])

    @property
    def degrees(self) -> float:
        """Return the turn, from -180 to 180, clockwise as a picture shows it."""
        return math.degrees(math.atan2(self.matrix[1, 0], self.matrix[0, 0]))


def similarity(source: Any, target: Any) -> Similarity:
    """Return what brings the source's points nearest to the target's, in least squares. Both: n by 2."""
    import numpy as np

    source, target = np.asarray(source, dtype=float), np.asarray(target, dtype=float)
    before, after = source - source.mean(axis=0), target - target.mean(axis=0)
    along = (before * after).sum()
    across = (before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]).sum()
    matrix = np.array([[along, -across], [across, along]]) / max(float((before**2).sum()), 1e-9)
    return Similarity(matrix, target.mean(axis=0) - matrix @ source.mean(axis=0))


def warp(image: Image.Image, to: Similarity, side: int) -> Image.Image:
    """Return the square of `side` pixels into which `to` brings a part of the image. Black is outside the image.

    A pixel's own number is its middle, in the image as in the square.
    """
    import numpy as np

    back = to.inverse()
    corners = back.apply(np.array([[0, 0], [side, 0], [0, side], [side, side]]))
    # Image.transform() reads single pixels, so that a large face would come out jagged: reduce it first.
    factor = max(1, int(back.scale))
    (left, top), (right, bottom) = np.floor(corners.min(axis=0)).astype(int), np.ceil(corners.max(axis=0)).astype(int)
    left, top = min(max(0, left), image.width - 1), min(max(0, top), image.height - 1)
    right, bottom = max(left + 1, min(image.width, right)), max(top + 1, min(image.height, bottom))
    piece = image.reduce(factor, (int(left), int(top), int(right), int(bottom)))
    (a, b), (d, e) = back.matrix / factor
    # Pillow's whole numbers are the corners of pixels.
    middle = np.array([0.5, 0.5])
    c, f = (back.shift + middle - back.matrix @ middle - (left, top)) / factor
    return piece.transform((side, side), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR)
