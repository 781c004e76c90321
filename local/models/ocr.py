"""Detects text in pictures with PP-OCR and, in other scripts, Tesseract. Nothing is downloaded.

What no model reads is said to be writing: docs/decisions/0022-writing-that-is-not-read.md
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

from twbot.local.models import scripts, text_networks
from twbot.local.models.loading import Worker
from twbot.local.models.text_boxes import find_boxes
from twbot.local.models.text_lines import NOTHING, SURE, Read, cut, in_order, is_line, ratio, read_boxes

if TYPE_CHECKING:
    from PIL import Image

    from twbot.local.models.text_boxes import Box, Pixels
    from twbot.local.models.text_networks import Reading

NAME = f"PP-OCRv6, {scripts.NAME}"
# Minimum score by the number of characters. Texture and noise are read as a few characters: a short text needs a higher
# score.
MIN_SCORE = {1: 0.95, 2: 0.9, 3: 0.85, 4: 0.85}
MIN_SCORE_LONG, MIN_SCORE_OF_HOLES = 0.7, 0.9
# Letters for each height of a line: Latin has about 2, Chinese 1.
MIN_DENSITY = 0.5
# Of the detector, for a box that is about as long as high: round things look like letters to it.
MIN_LETTER_SCORE = 0.65
# Boxes that no model reads are reported as writing from this score of the detector (0 to 1), and this many times as
# long as high: things that are no writing are seldom taken for so certain and so long a line.
MIN_WRITING_SCORE, MIN_WRITING_RATIO = 0.7, 3.0
# As Rekognition's DetectText: https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
MAX_WORDS = 100
_worker = Worker("ocr")

Point = tuple[float, float]


class Line(NamedTuple):
    """A line or a word of text."""

    text: str
    score: float
    """From 0 to 1: 0 for writing that no model reads, whose text is empty."""
    corners: tuple[Point, Point, Point, Point]
    """Clockwise from the top left, as shares of the picture's width and height."""


def detect_text(image: Image.Image) -> list[dict[str, Any]]:
    """Return Rekognition's TextDetections: the lines from top to bottom, then their words, at most 100."""
    lines = read_lines(image)
    found = [_detection("LINE", number, line) for number, line in enumerate(lines)]
    words = [(number, word) for number, line in enumerate(lines) for word in words_of(line)]
    for number, (parent, word) in enumerate(words[:MAX_WORDS], start=len(lines)):
        found.append(_detection("WORD", number, word) | {"ParentId": parent})
    return found


def read_lines(image: Image.Image) -> list[Line]:
    """Return the lines of text on an RGB image, in the order of reading; without text where no model reads them."""
    import numpy as np

    read = _worker.run(_read, np.ascontiguousarray(np.asarray(image)[:, :, ::-1]))
    return [Line(*each.reading, _shares(each.box, image.size)) for each in read]


def words_of(line: Line) -> list[Line]:
    """Split a line into words. A word's corners follow from the share of the line's characters that it has."""
    words, place, length = [], 0, max(1, len(line.text))
    leftwards = any(unicodedata.bidirectional(char) in ("R", "AL") for char in line.text)
    for word in line.text.split():
        begin = line.text.index(word, place)
        place = begin + len(word)
        span = (1 - place / length, 1 - begin / length) if leftwards else (begin / length, place / length)
        words.append(Line(word, line.score, _part(line.corners, *span)))
    return words


def warm() -> None:
    """Load the models now instead of at first use."""
    _worker.run(text_networks.warm)
    _worker.run(scripts.warm)


def _read(pixels: Pixels) -> list[Read]:
    found = [box for box in find_boxes(pixels) if box.score >= MIN_LETTER_SCORE or is_line(box)]
    boxes = sorted(found, key=lambda box: -box.score)[:MAX_WORDS]
    first = read_boxes(pixels, boxes, _recognise)
    read = [each for each in first if each.reading.text]
    left = [each.box for each in first if not each.reading.text]
    reader = scripts.Reader()
    others = read_boxes(pixels, left, reader, sure=scripts.MIN_SCORE, gives_up=True)
    if any(each.reading.text for each in others):
        read = [_surer(pixels, each, reader) for each in read]
    return in_order(read + [each for each in others if each.reading.text or _is_writing(pixels, each.box)])


def _surer(pixels: Pixels, line: Read, reader: scripts.Reader) -> Read:
    """Return the line as the reader of other scripts reads it, which the picture has, where that is surer."""
    if line.reading.score >= SURE:
        return line
    (other,) = read_boxes(pixels, [line.box], reader, sure=scripts.MIN_SCORE)
    return max(line, other, key=lambda each: each.reading.score)


def _recognise(line: Pixels) -> Reading:
    reading = text_networks.recognise(line)
    return reading if _is_readable(reading, line) else NOTHING


def _shares(box: Box, size: tuple[int, int]) -> tuple[Point, Point, Point, Point]:
    import numpy as np

    a, b, c, d = np.clip(box.corners / np.array(size), 0, 1).tolist()
    return tuple(a), tuple(b), tuple(c), tuple(d)


def _is_readable(reading: Reading, line: Pixels) -> bool:
    text, (height, width) = reading.text.strip(), line.shape[:2]
    letters = len(text) - text.count(" ")
    # Letters that the model does not have are spaces to it, or nothing.
    least = MIN_SCORE_OF_HOLES if "  " in text else MIN_SCORE.get(len(text), MIN_SCORE_LONG)
    dense = letters * height >= MIN_DENSITY * width
    return reading.score >= least and dense and any(char.isalnum() for char in text)


def _is_writing(pixels: Pixels, box: Box) -> bool:
    """Return whether a box that no model reads is a line of letters nevertheless."""
    return (
        box.score >= MIN_WRITING_SCORE
        and ratio(box) >= MIN_WRITING_RATIO
        and scripts.is_writing(cut(pixels, box.corners))
    )


def _part(corners: tuple[Point, Point, Point, Point], begin: float, end: float) -> tuple[Point, Point, Point, Point]:
    top_left, top_right, bottom_right, bottom_left = corners

    def along(one: Point, other: Point, share: float) -> Point:
        return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share

    return (
        along(top_left, top_right, begin),
        along(top_left, top_right, end),
        along(bottom_left, bottom_right, end),
        along(bottom_left, bottom_right, begin),
    )


def _detection(kind: str, number: int, line: Line) -> dict[str, Any]:
    across, down = [x for x, _ in line.corners], [y for _, y in line.corners]
    box = {"Left": min(across), "Top": min(down), "Width": max(across) - min(across), "Height": max(down) - min(down)}
    return {
        "DetectedText": line.text,
        "Type": kind,
        "Id": number,
        "Confidence": round(100 * line.score, 4),
        "Geometry": {"BoundingBox": box, "Polygon": [{"X": x, "Y": y} for x, y in line.corners]},
    }
