"""Detects faces with CenterFace: a box, a score and five points a face, of any size and turned any way.

https://arxiv.org/abs/1911.03599
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twbot.local.models.boxes import overlap
from twbot.local.models.loading import loads_once

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

    Points = npt.NDArray[np.float64]

MODEL = Path(__file__).parent / "data" / "centerface.onnx"
# The network halves the picture five times, and answers for each square of STRIDE pixels.
MULTIPLE, STRIDE = 32, 4
# Boxes that share more than this are of the same face: intersection over union.
MAX_OVERLAP = 0.3


class Candidate(NamedTuple):
    """What may be a face, in the picture's pixels."""

    score: float
    """From 0 to 1."""
    left: float
    top: float
    right: float
    bottom: float
    points: Points
    """x and y of the eye at the left, the eye at the right, the nose, and both corners of the mouth: 5 by 2."""


def detect(image: Image.Image, side: int, min_score: float) -> list[Candidate]:
    """Return the faces of an RGB image, surest first. `side`: pixels to which its longer side is scaled."""
    import numpy as np

    scale = side / max(image.size)
    width, height = (max(1, round(length * scale / MULTIPLE)) * MULTIPLE for length in image.size)
    pixels = np.asarray(image.resize((width, height), reducing_gap=2.0), dtype=np.float32).transpose(2, 0, 1)
    heat, *geometry = (answer[0] for answer in _session().run(None, {"input.1": pixels[None]}))
    places = np.argwhere(heat[0] >= min_score)
    order = np.argsort([-heat[0, row, column] for row, column in places])
    found = [_candidate(heat, *geometry, *places[each]) for each in order]
    factor = np.array([image.width / width, image.height / height])
    return [_scaled(each, factor) for each in distinct(found)]


def warm() -> None:
    """Load the model now instead of at first use."""
    _session()


@loads_once
def _session() -> Any:
    from twbot.local.models.embedding import session_of

    return session_of(MODEL)


def _candidate(heat: Any, sizes: Any, offsets: Any, points: Any, row: int, column: int) -> Candidate:
    import numpy as np

    height, width = np.exp(sizes[:, row, column]) * STRIDE
    top = (row + offsets[0, row, column] + 0.5) * STRIDE - height / 2
    left = (column + offsets[1, row, column] + 0.5) * STRIDE - width / 2
    down, across = points[::2, row, column], points[1::2, row, column]
    marks = np.stack([across * width + left, down * height + top], axis=1).astype(float)
    return Candidate(
        float(heat[0, row, column]), float(left), float(top), float(left + width), float(top + height), marks
    )


def distinct(candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates but those that are of the same face as one before them."""
    kept: list[Candidate] = []
    for candidate in candidates:
        if all(overlap(candidate, other) <= MAX_OVERLAP for other in kept):
            kept.append(candidate)
    return kept


def _scaled(candidate: Candidate, factor: Any) -> Candidate:
    across, down = map(float, factor)
    score, left, top, right, bottom, points = candidate
    return Candidate(score, left * across, top * down, right * across, bottom * down, points * factor)
