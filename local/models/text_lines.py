"""Reads the boxes of a picture: each of them lies or stands, and the way up is the one that reads best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from twbot.local.models.text_boxes import Box
from twbot.local.models.text_networks import Reading

if TYPE_CHECKING:
    from twbot.local.models.text_boxes import Corners, Pixels

# A box that is so many times as long as high is a line of several characters: it lies or stands.
LINE_RATIO = 1.5
# Lines that are tried to find out which way up the picture is: the longest.
PROBES = 3
# From 0 to 1. A line that reads so well is the right way up.
SURE = 0.85


class Read(NamedTuple):
    """A box and what it says: an empty text where the model read nothing."""

    reading: Reading
    box: Box
    """Its corners begin at the top left of the first letter."""


NOTHING = Reading("", 0.0)
Recognise = Callable[["Pixels"], Reading]


def read_boxes(
    pixels: Pixels, boxes: Sequence[Box], recognise: Recognise, *, sure: float = SURE, gives_up: bool = False
) -> list[Read]:
    """Return what each box says, in the order of the boxes.

    recognise: reads the image of a line that is the right way up. sure: a line with such a score is. gives_up: where it
    reads none of the longest lines, whichever way up, the others are not tried.
    """
    reader = _Reader(pixels, recognise, sure)
    turn = _turn_of_picture(reader, boxes)
    if turn is None and gives_up:
        return [Read(NOTHING, turned(box, 3) if ratio(box) <= 1 / LINE_RATIO else box) for box in boxes]
    return [reader.best(box, _turns(box, turn or 0)) for box in boxes]


def in_order(lines: Sequence[Read]) -> list[Read]:
    """Sort lines as one reads them: row by row along the direction of most of the text."""
    import numpy as np

    along = np.sum([line.box.corners[1] - line.box.corners[0] for line in lines if line.reading.text], axis=0)
    if not np.any(along):
        along = np.array((1, 0), np.float32)
    along = along / np.linalg.norm(along)
    down = np.array((-along[1], along[0]), np.float32)
    places = [(float(line.box.corners.mean(axis=0) @ down), line) for line in lines]
    rows: list[tuple[float, list[Read]]] = []
    for place, line in sorted(places, key=lambda placed: placed[0]):
        if not rows or place - rows[-1][0] > line.box.size[1] / 2:
            rows.append((place, []))
        rows[-1][1].append(line)
    return [line for _, row in rows for line in sorted(row, key=lambda each: float(each.box.corners[0] @ along))]


def ratio(box: Box) -> float:
    """Return how many times as long as high a line is."""
    width, height = box.size
    return width / max(height, 1.0)


def is_line(box: Box) -> bool:
    """Return whether a box is long enough to tell whether it lies or stands."""
    return not 1 / LINE_RATIO < ratio(box) < LINE_RATIO


def turned(box: Box, turn: int) -> Box:
    """Return the box with the first corner so many corners further, clockwise."""
    import numpy as np

    return Box(np.roll(box.corners, -turn, axis=0), box.score)


def cut(pixels: Pixels, corners: Corners) -> Pixels:
    """Return the piece within the corners, straightened, with the first corner at its top left."""
    import cv2
    import numpy as np

    width, height = (max(1, round(side)) for side in Box(corners, 0).size)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    transform = cv2.getPerspectiveTransform(corners, target)
    straight = cv2.warpPerspective(
        pixels, transform, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return straight.astype(np.uint8, copy=False)


class _Reader:
    """Reads each box once for each way up."""

    def __init__(self, pixels: Pixels, recognise: Recognise, sure: float) -> None:
        self._pixels, self._recognise, self._sure = pixels, recognise, sure
        self._known: dict[tuple[int, int], Reading] = {}

    def best(self, box: Box, turns: Iterable[int]) -> Read:
        """Return the first turn that reads well, else the one that reads best."""
        tried = []
        for turn in turns:
            tried.append(Read(self.read(box, turn), turned(box, turn)))
            if self.is_sure(tried[-1].reading):
                break
        return max(tried, key=lambda each: each.reading.score)

    def is_sure(self, reading: Reading) -> bool:
        return reading.score >= self._sure

    def read(self, box: Box, turn: int) -> Reading:
        key = (id(box), turn)
        if key not in self._known:
            self._known[key] = self._recognise(cut(self._pixels, turned(box, turn).corners))
        return self._known[key]


def _turn_of_picture(reader: _Reader, boxes: Sequence[Box]) -> int | None:
    """Return the turn with which most of the text reads: 0 for an upright picture, None if nothing reads."""
    lying = [box for box in boxes if ratio(box) >= LINE_RATIO]
    standing = [box for box in boxes if ratio(box) <= 1 / LINE_RATIO]
    along, lines = ((0, 2), lying) if _length(lying) >= _length(standing) else ((3, 1), standing)
    probes = sorted(lines, key=lambda box: -max(box.size))[:PROBES]
    if not probes:
        return 0
    for box in probes:
        for turn in along:
            if reader.is_sure(reader.read(box, turn)):
                return turn
    scores = {turn: sum(reader.read(box, turn).score for box in probes) for turn in along}
    best = max(scores, key=lambda turn: scores[turn])
    return best if scores[best] > 0 else None


def _turns(box: Box, turn: int) -> list[int]:
    """Return the ways up to try, the likeliest first."""
    shape = ratio(turned(box, turn))
    if shape <= 1 / LINE_RATIO:
        # It stands where most others lie: a line along the edge, or a narrow letter.
        return [(turn + 3) % 4, (turn + 1) % 4, turn]
    return [turn, (turn + 2) % 4] if shape >= LINE_RATIO else [turn]


def _length(boxes: Iterable[Box]) -> float:
    return sum(max(box.size) for box in boxes)
