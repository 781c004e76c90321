"""PP-OCRv6's two networks, made small: one marks where text is, the other reads a line.

https://arxiv.org/abs/1911.08947 describes the first, https://www.cs.toronto.edu/~graves/icml_2006.pdf how what the
second one says becomes a text. `training/text_networks.py` made the files.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twbot.local.models.loading import loads_once

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]
    Map = npt.NDArray[np.float32]

DATA = Path(__file__).parent / "data"
DETECTOR, RECOGNISER = DATA / "text_detector.onnx", DATA / "text_recogniser.onnx"
# Both networks take -1 for black and 1 for white.
MIDDLE = 127.5
# The sides of the detector's input are multiples of it.
STEP = 32
# Of a recogniser's input in pixels. Shorter lines have grey at their end, as those from which it learned.
HEIGHT, MIN_WIDTH = 48, 320
# Pixels from which the memory of a look is given back: it would take hundreds of MB for good.
LARGE = 1024 * 800
# What stands for "no letter, or the same letter still". The letters have the numbers from 1, the space the last.
NOTHING = 0


class Reading(NamedTuple):
    """What a line says."""

    text: str
    score: float
    """From 0 to 1."""


def mark(pixels: Pixels) -> Map:
    """Return the probability of text for each pixel: height by width. pixels: BGR, its sides multiples of STEP."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    if pixels.shape[0] * pixels.shape[1] > LARGE:
        # https://onnxruntime.ai/docs/get-started/with-c.html#features
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    probabilities: Map = _detector().run(None, {"x": picture_input(pixels)}, options)[0][0, 0]
    return probabilities


def recognise(line: Pixels) -> Reading:
    """Return what the image of a line, in BGR, says, however sure that is."""
    session, letters = _recogniser()
    return _reading(session.run(None, {"x": line_input(line)})[0][0], letters)


def warm() -> None:
    """Load the networks now instead of at first use."""
    _detector()
    _recogniser()


def picture_input(pixels: Pixels) -> Map:
    """Return what the networks take of an image in BGR: (1, 3, height, width), from -1 to 1."""
    import cv2

    return cv2.dnn.blobFromImage(pixels, 1 / MIDDLE, mean=(MIDDLE, MIDDLE, MIDDLE)).astype("float32", copy=False)


def line_input(line: Pixels) -> Map:
    """Return what the recogniser takes of the image of a line."""
    import cv2
    import numpy as np

    width = max(1, math.ceil(HEIGHT * line.shape[1] / line.shape[0]))
    numbers = np.zeros((1, 3, HEIGHT, max(width, MIN_WIDTH)), np.float32)
    numbers[..., :width] = picture_input(cv2.resize(line, (width, HEIGHT)).astype("uint8", copy=False))
    return numbers


def _reading(probabilities: Map, letters: list[str]) -> Reading:
    """Return the text of each column's surest letter, and their mean probability. probabilities: columns by letters."""
    import numpy as np

    surest = probabilities.argmax(axis=1)
    begins = (surest != NOTHING) & np.append(True, surest[1:] != surest[:-1])
    scores = probabilities[begins, surest[begins]]
    text = "".join(letters[number] for number in surest[begins]).strip()
    return Reading(text, float(scores.mean()) if len(scores) else 0.0)


@loads_once
def _detector() -> Any:
    from twbot.local.models.embedding import session_of

    return session_of(DETECTOR)


@loads_once
def _recogniser() -> tuple[Any, list[str]]:
    from twbot.local.models.embedding import session_of

    session = session_of(RECOGNISER)
    letters = session.get_modelmeta().custom_metadata_map["character"].splitlines()
    return session, ["", *letters, " "]
