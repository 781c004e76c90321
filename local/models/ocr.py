"""Detects text in pictures with PP-OCR (RapidOCR). The models come with the package; nothing is downloaded."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from twbot.local.models.loading import Worker, loads_once_a_thread

if TYPE_CHECKING:
    from PIL import Image

NAME = "PP-OCRv6 (RapidOCR)"
# Minimum score by the number of characters. Texture and noise are read as a few characters: a short text needs a higher
# score.
MIN_SCORE = {1: 0.95, 2: 0.9, 3: 0.85, 4: 0.85}
MIN_SCORE_LONG = 0.7
# Pixels. A larger picture would take seconds; a smaller one would lose small text.
MAX_SIDE = 1440
# As Rekognition's DetectText: https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
MAX_WORDS = 100
_worker = Worker("ocr")

Point = tuple[float, float]


class Line(NamedTuple):
    """A line or a word of text."""

    text: str
    score: float
    """From 0 to 1."""
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
    """Return the lines of text on an RGB image whose score is high enough for their length."""
    import numpy as np

    image = image.copy()  # thumbnail() changes the image, and others share it
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    result = _worker.run(_read, np.ascontiguousarray(np.asarray(image)[:, :, ::-1]))
    if result.boxes is None or result.txts is None:
        return []
    size = np.array(image.size)
    shares = [np.clip(box / size, 0, 1).tolist() for box in result.boxes]
    lines = [
        Line(text.strip(), float(score), (tuple(a), tuple(b), tuple(c), tuple(d)))
        for (a, b, c, d), text, score in zip(shares, result.txts, result.scores, strict=True)
    ]
    return [line for line in lines if _readable(line)]


def words_of(line: Line) -> list[Line]:
    """Split a line into words. A word's corners follow from the share of the line's characters that it has."""
    words, place, length = [], 0, max(1, len(line.text))
    for word in line.text.split():
        begin = line.text.index(word, place)
        place = begin + len(word)
        words.append(Line(word, line.score, _part(line.corners, begin / length, place / length)))
    return words


def warm() -> None:
    """Load the model now instead of at first use."""
    _worker.run(_load)


def _read(pixels: Any) -> Any:
    return _load()(pixels)


@loads_once_a_thread
def _load() -> Any:
    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    return RapidOCR(params={"Global.log_level": "error", **threads})


def _readable(line: Line) -> bool:
    least = MIN_SCORE.get(len(line.text), MIN_SCORE_LONG)
    return line.score >= least and any(char.isalnum() for char in line.text)


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
