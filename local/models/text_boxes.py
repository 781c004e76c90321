"""Finds where text is on a picture, with PP-OCR's detector: on a small picture first, larger where text is small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from twbot.local.models.text_networks import STEP, mark

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]
    Map = npt.NDArray[np.float32]
    Corners = npt.NDArray[np.float32]

# Pixels of the longer side. The detector's time grows with the area: most pictures have large text or none.
FIRST_SIDE, MAX_SIDE = 640, 1600
# Print of 12 pixels, the smallest that is read, is found from this scale on.
MIN_SCALE, MAX_ENLARGEMENT = 0.4, 2.0
# The detector marks a band within each line, about a third as thick as the font is high. It finds all of a line from
# MIN_BAND pixels; a closer look makes GOOD_BAND of less. What is shorter than MIN_LENGTH is a speck, and so are all
# bands together that have less than MIN_SHARE of what is marked: the rims of large things are marked like thin lines.
MIN_BAND, GOOD_BAND, MIN_LENGTH, MIN_FILLED, MIN_SHARE = 7.0, 10.0, 12, 0.6, 0.02
# Of a pixel, from 0 to 1. The detector's own.
MIN_PROBABILITY = 0.3
# Of what is marked, as the detector's authors have it: the mean probability, the shorter side in pixels of the mark and
# of the line, and the area by the perimeter by which a line reaches further than its mark.
MIN_SCORE, MIN_MARK, MIN_LINE, REACH, MAX_MARKS = 0.5, 3, 5, 1.6, 1000
# Pixels. What is so thin on the picture is no line.
MIN_SIDE = 4


class Box(NamedTuple):
    """A piece of the picture that looks like a line of text."""

    corners: Corners
    """4 points clockwise from the top left, in pixels."""
    score: float
    """From 0 to 1."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height along the box's own sides, in pixels."""
        import numpy as np

        width, height = (
            np.linalg.norm(self.corners[1] - self.corners[0]),
            np.linalg.norm(self.corners[3] - self.corners[0]),
        )
        return float(width), float(height)


def find_boxes(pixels: Pixels) -> list[Box]:
    """Return the boxes of text. pixels: height by width by BGR."""
    import numpy as np

    scale = first_scale(pixels)
    seen = mark(scaled(pixels, scale))
    band = _small_band(seen)
    if band is None:
        return boxes_of(seen, pixels.shape[:2])
    left, top, right, bottom = _marked(seen, pixels.shape[:2])
    piece = np.ascontiguousarray(pixels[top:bottom, left:right])
    closer = min(scale * GOOD_BAND / band, MAX_ENLARGEMENT, max(scale, MAX_SIDE / max(piece.shape[:2])))
    found = boxes_of(mark(scaled(piece, closer)), piece.shape[:2])
    return [Box(box.corners + np.array((left, top), np.float32), box.score) for box in found]


def first_scale(pixels: Pixels) -> float:
    """Return how many times as large a picture is looked at first."""
    longest: int = max(pixels.shape[:2])
    return min(max(FIRST_SIDE / longest, MIN_SCALE), MAX_ENLARGEMENT)


def scaled(pixels: Pixels, scale: float) -> Pixels:
    """Return the picture in the size next to the scale that the detector takes."""
    import cv2

    width, height = (max(STEP, round(side * scale / STEP) * STEP) for side in pixels.shape[1::-1])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(pixels, (width, height), interpolation=way).astype("uint8", copy=False)


def boxes_of(probabilities: Map, size: tuple[int, ...]) -> list[Box]:
    """Return the boxes that are marked, on a picture of such height and width."""
    import cv2
    import numpy as np

    mask = cv2.dilate((probabilities > MIN_PROBABILITY).astype(np.uint8), np.ones((2, 2), np.uint8))
    outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = (_box(probabilities, outline, size) for outline in outlines[:MAX_MARKS])
    return [box for box in found if box is not None and min(box.size) >= MIN_SIDE]


def _box(probabilities: Map, outline: Any, size: tuple[int, ...]) -> Box | None:
    import cv2
    import numpy as np

    middle, sides, angle = cv2.minAreaRect(outline)
    if min(sides) < MIN_MARK:
        return None
    score = _mean_within(probabilities, cv2.boxPoints((middle, sides, angle)).astype(np.float32))
    reach = REACH * sides[0] * sides[1] / (sides[0] + sides[1])
    if score < MIN_SCORE or min(sides) + reach < MIN_LINE:
        return None
    corners = cv2.boxPoints((middle, (sides[0] + reach, sides[1] + reach), angle))
    (height, width), (rows, columns) = size, probabilities.shape
    corners = np.clip(corners * (width / columns, height / rows), 0, (width - 1, height - 1))
    return Box(_clockwise(corners.astype(np.float32)), score)


def _mean_within(probabilities: Map, corners: Corners) -> float:
    """Return the mean probability within a rectangle."""
    import cv2
    import numpy as np

    ends = np.array(probabilities.shape[::-1]) - 1
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, ends)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, ends) + 1
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(mask, [(corners - (left, top)).astype(np.int32)], 1)
    return float(cv2.mean(probabilities[top:bottom, left:right], mask)[0])


def _clockwise(corners: Corners) -> Corners:
    """Return the corners from the top left: of the two on the left, and of those on the right, the higher one first."""
    import numpy as np

    left, right = np.split(corners[np.argsort(corners[:, 0], kind="stable")], 2)
    (top_left, bottom_left), (top_right, bottom_right) = (side[np.argsort(side[:, 1])] for side in (left, right))
    return np.stack([top_left, top_right, bottom_right, bottom_left])


def _small_band(probabilities: Map) -> float | None:
    """Return the usual thickness of the bands that are too thin, in pixels; None if they are no more than specks."""
    import cv2
    import numpy as np

    mask = (probabilities > MIN_PROBABILITY).astype("uint8")
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    sides = (sorted(cv2.minAreaRect(outline)[1]) for outline in outlines if _is_band(outline))
    thin = np.array([(short + 1, long + 1) for short, long in sides if short + 1 < MIN_BAND]).reshape(-1, 2)
    if thin.prod(axis=1).sum() <= MIN_SHARE * mask.sum():
        return None
    return float(np.median(thin[:, 0]))


def _is_band(outline: Any) -> bool:
    """Return whether an outline is that of a filled, long rectangle. The rims of round things are not."""
    import cv2

    short, long = sorted(cv2.minAreaRect(outline)[1])
    # cv2 measures from the middle of one pixel to that of another.
    filled = cv2.contourArea(outline) + cv2.arcLength(outline, closed=True) / 2
    return long >= max(MIN_LENGTH, 2 * short) and filled >= MIN_FILLED * (short + 1) * (long + 1)


def _marked(probabilities: Map, size: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return the picture's piece that holds all that is marked, with a margin, in pixels."""
    import numpy as np

    mask = probabilities > MIN_PROBABILITY
    (height, width), margin = mask.shape, STEP
    down, across = np.nonzero(mask)
    x, y = size[1] / width, size[0] / height
    return (
        int(max(0, across.min() - margin) * x),
        int(max(0, down.min() - margin) * y),
        int(min(width, across.max() + margin) * x),
        int(min(height, down.max() + margin) * y),
    )
