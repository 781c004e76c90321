"""Finds where text is on a picture, with PP-OCR's detector: on a small picture first, larger where text is small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]
    Map = npt.NDArray[np.float32]
    Corners = npt.NDArray[np.float32]

# Pixels of the longer side. The detector's time grows with the area: most pictures have large text or none.
FIRST_SIDE, MAX_SIDE = 640, 1600
MAX_ENLARGEMENT = 2.0
# The detector marks a band within each line, about a third as thick as the font is high. It finds all of a line from
# MIN_BAND pixels; a closer look makes GOOD_BAND of less. What is shorter than MIN_LENGTH is a speck, and so are all
# bands together that have less than MIN_SHARE of what is marked: the rims of large things are marked like thin lines.
MIN_BAND, GOOD_BAND, MIN_LENGTH, MIN_FILLED, MIN_SHARE = 7.0, 10.0, 12, 0.6, 0.02
# Of a pixel, from 0 to 1. The detector's own.
MIN_PROBABILITY = 0.3
# The sides of the detector's input are multiples of it.
STEP = 32


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


def find_boxes(detector: Any, pixels: Pixels) -> list[Box]:
    """Return the boxes of text. detector: RapidOCR's TextDetector. pixels: height by width by BGR."""
    import numpy as np

    longest = max(pixels.shape[:2])
    scale = min(FIRST_SIDE / longest, MAX_ENLARGEMENT)
    seen = _look(detector, pixels, scale)
    band = _small_band(seen)
    if band is None:
        return _boxes(detector, seen, pixels.shape[:2])
    left, top, right, bottom = _marked(seen, pixels.shape[:2])
    piece = np.ascontiguousarray(pixels[top:bottom, left:right])
    closer = min(scale * GOOD_BAND / band, MAX_ENLARGEMENT, max(scale, MAX_SIDE / max(piece.shape[:2])))
    found = _boxes(detector, _look(detector, piece, closer), piece.shape[:2])
    return [Box(box.corners + np.array((left, top), np.float32), box.score) for box in found]


def _look(detector: Any, pixels: Pixels, scale: float) -> Map:
    """Return the detector's probabilities of text, of the scaled picture's size."""
    import cv2

    width, height = (max(STEP, round(side * scale / STEP) * STEP) for side in pixels.shape[1::-1])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(pixels, (width, height), interpolation=way)
    probabilities: Map = detector.session(detector.get_preprocess()(scaled))
    return probabilities


def _boxes(detector: Any, probabilities: Map, size: tuple[int, ...]) -> list[Box]:
    corners, scores = detector.postprocess_op(probabilities, size)
    return [Box(box.astype("float32"), float(score)) for box, score in zip(corners, scores, strict=True)]


def _small_band(probabilities: Map) -> float | None:
    """Return the usual thickness of the bands that are too thin, in pixels; None if they are no more than specks."""
    import cv2
    import numpy as np

    mask = (probabilities[0, 0] > MIN_PROBABILITY).astype("uint8")
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

    mask = probabilities[0, 0] > MIN_PROBABILITY
    (height, width), margin = mask.shape, STEP
    down, across = np.nonzero(mask)
    x, y = size[1] / width, size[0] / height
    return (
        int(max(0, across.min() - margin) * x),
        int(max(0, down.min() - margin) * y),
        int(min(width, across.max() + margin) * x),
        int(min(height, down.max() + margin) * y),
    )
