"""Finds people and things with NanoDet: COCO's 80 classes, each with a bounding box.

https://github.com/RangiLyu/nanodet describes the network's answers: for each square of the picture a score a class,
and for each side of the box how likely each of eleven distances is.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twbot.local.models.boxes import overlap
from twbot.local.models.loading import loads_once

if TYPE_CHECKING:
    from PIL import Image

NAME = "NanoDet (COCO)"
MODEL = Path(__file__).parent / "data" / "nanodet.onnx"
SIDE, STRIDES, DISTANCES = 416, (8, 16, 32), 11
# Mean and deviation of the channels blue, green and red, as the network was trained.
MEAN, DEVIATION = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)
# Boxes of one class that share more than this are of the same thing: intersection over union.
MAX_OVERLAP = 0.5


class Thing(NamedTuple):
    """A person or thing on a picture. The box's sides are shares of the picture's width and height."""

    number: int
    """COCO's class, from 0 to 79."""
    score: float
    """From 0 to 1."""
    left: float
    top: float
    right: float
    bottom: float


def find_things(image: Image.Image, min_score: float) -> list[Thing]:
    """Return the things on an RGB image, surest first."""
    import numpy as np

    scale = SIDE / max(image.size)
    width, height = (max(1, round(length * scale)) for length in image.size)
    canvas = np.zeros((SIDE, SIDE, 3), dtype=np.float32)
    canvas[:height, :width] = (
        np.asarray(image.resize((width, height), reducing_gap=2.0))[:, :, ::-1] - np.array(MEAN)
    ) / DEVIATION
    answers = _session().run(None, {"image": canvas.transpose(2, 0, 1)[None]})
    found = [
        thing
        for stride, scores, sides in zip(STRIDES, answers[:3], answers[3:], strict=True)
        for thing in _things(scores[0], sides[0], stride, min_score, (width, height))
    ]
    return _distinct(sorted(found, key=lambda thing: -thing.score))


def warm() -> None:
    """Load the model now instead of at first use."""
    _session()


@loads_once
def _session() -> Any:
    from twbot.local.models.embedding import session_of

    return session_of(MODEL)


def _things(scores: Any, sides: Any, stride: int, min_score: float, size: tuple[int, int]) -> list[Thing]:
    import numpy as np

    squares, classes = np.nonzero(scores >= min_score)
    shares = np.exp(sides[squares].reshape(len(squares), 4, DISTANCES))
    shares /= shares.sum(axis=2, keepdims=True)
    distances = shares @ np.arange(DISTANCES) * stride
    row, column = np.divmod(squares, SIDE // stride)
    middles = (np.stack([column, row], axis=1) + 0.5) * stride
    starts = np.clip((middles - distances[:, :2]) / size, 0, 1)
    ends = np.clip((middles + distances[:, 2:]) / size, 0, 1)
    return [
        Thing(int(number), float(scores[square, number]), *map(float, start), *map(float, end))
        for square, number, start, end in zip(squares, classes, starts, ends, strict=True)
        if (end > start).all()
    ]


def _distinct(things: list[Thing]) -> list[Thing]:
    kept: list[Thing] = []
    for thing in things:
        if all(thing.number != other.number or overlap(thing, other) <= MAX_OVERLAP for other in kept):
            kept.append(thing)
    return kept
