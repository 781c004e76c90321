"""Finds five points of a face as dlib's shape predictor does: an ensemble of regression trees.

https://openaccess.thecvf.com/content_cvpr_2014/html/Kazemi_One_Millisecond_Face_2014_CVPR_paper.html
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twbot.local.models.alignment import similarity
from twbot.local.models.loading import loads_once

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Points = npt.NDArray[np.float64]

MODEL = Path(__file__).parent / "data" / "five_landmarks.npz"


class Square(NamedTuple):
    """Where a face is, in pixels, as the trees were trained: from above the eyebrows to the chin."""

    left: float
    top: float
    side: float


class _Trees(NamedTuple):
    """The rounds of trees. Each reads differences of pixels that lie around the points found so far."""

    start: Any
    """Points by 2: the mean face, within a square of side 1."""
    anchors: Any
    """Rounds by pixels: the point that each pixel lies near."""
    offsets: Any
    """Rounds by pixels by 2: how far it lies from it."""
    pairs: Any
    """Rounds by trees by splits by 2: the pixels that a split compares."""
    limits: Any
    """Rounds by trees by splits: the difference above which a split goes left."""
    leaves: Any
    """Rounds by trees by leaves by coordinates: how far to move the points."""


def find_points(grey: Any, square: Square) -> Points:
    """Return x and y of both corners of the eye at the right, of the eye at the left, and the nose's base: 5 by 2.

    grey: height by width, 0 to 255.
    """
    trees = _trees()
    points = trees.start.astype(float)
    corner = (square.left, square.top)
    for turn in range(len(trees.leaves)):
        values = _pixels(grey, points, trees, turn, square)
        points = points + _moves(values, trees, turn).reshape(points.shape)
    found: Points = points * square.side + corner
    return found


def warm() -> None:
    """Load the trees now instead of at first use."""
    _trees()


@loads_once
def _trees() -> _Trees:
    import numpy as np

    with np.load(MODEL) as stored:
        return _Trees(**{name: stored[name] for name in _Trees._fields})


def _pixels(grey: Any, points: Any, trees: _Trees, turn: int, square: Square) -> Any:
    """Return the pixels' values, 0 for those outside the picture."""
    import numpy as np

    height, width = grey.shape
    around = trees.offsets[turn].astype(float) @ similarity(trees.start, points).matrix.T + points[trees.anchors[turn]]
    across, down = np.floor(around * square.side + (square.left, square.top) + 0.5).astype(int).T
    within = (across >= 0) & (across < width) & (down >= 0) & (down < height)
    return np.where(within, grey[down.clip(0, height - 1), across.clip(0, width - 1)], 0).astype(np.int16)


def _moves(values: Any, trees: _Trees, turn: int) -> Any:
    """Return the sum of what the trees of one round say."""
    import numpy as np

    first, second = trees.pairs[turn, ..., 0], trees.pairs[turn, ..., 1]
    left = values[first] - values[second] > trees.limits[turn]
    numbers, splits = np.arange(len(left)), left.shape[1]
    node = np.zeros(len(left), dtype=int)
    while node[0] < splits:
        node = np.where(left[numbers, node], 2 * node + 1, 2 * node + 2)
    return trees.leaves[turn][numbers, node - splits].astype(float).sum(axis=0)
