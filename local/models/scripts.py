"""Reads lines in scripts that PP-OCR has no letters for, with Tesseract's models: data/tessdata/."""

from __future__ import annotations

import lzma
import platform
import tempfile
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twbot.local.models.loading import loads_once_a_thread
from twbot.local.models.text_lines import NOTHING
from twbot.local.models.text_networks import Reading

if TYPE_CHECKING:
    from PIL import Image

    from twbot.local.models.text_boxes import Pixels

NAME = "Tesseract (Arabic, Cyrillic, Devanagari, Korean)"
FOLDER = Path(__file__).parent / "data" / "tessdata"
# Tesseract's models by the word with which Unicode's names of the script's letters begin.
MODELS = {"CYRILLIC": "rus", "HANGUL": "kor", "ARABIC": "ara", "DEVANAGARI": "hin"}
# From 0 to 1. A model is .7 sure at most of a script that is not its own, and .8 to .93 of its own.
MIN_SCORE = 0.75
# What is shorter for its height is no line of letters.
MIN_RATIO = 1.5
# Of the lines of 20 scripts, drawn in Noto's fonts, 10 to 30 percent are ink, and a row through the middle has 3.7 to 7
# edges of strokes for each height of the line. Rows of coins and the like have more ink and fewer edges.
MAX_INK, MIN_EDGES, STROKES_HEIGHT = 0.33, 3.6, 32
# Pixels. Of higher lines Tesseract takes some for rules: it reads nothing.
HEIGHT, MARGIN = 28, 8


class Reader:
    """Reads the lines of a picture. Most pictures have one script: that of the line before is tried first."""

    def __init__(self) -> None:
        self._scripts = list(_load())

    def __call__(self, line: Pixels) -> Reading:
        """Return what a line says, from an image of it in BGR; nothing if it is in none of the scripts."""
        if not is_writing(line):
            return NOTHING
        image = _prepared(line)
        for script in self._scripts:
            reading = _read(image, script, _load()[script])
            if reading.text:
                self._scripts.sort(key=lambda each: each != script)
                return reading
        return NOTHING


def is_writing(line: Pixels) -> bool:
    """Return whether an image in BGR has the strokes of a line of letters, in whatever script."""
    import cv2
    import numpy as np

    height, width = line.shape[:2]
    if width < MIN_RATIO * height:
        return False
    grey = cv2.cvtColor(line, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (round(width * STROKES_HEIGHT / height), STROKES_HEIGHT), interpolation=cv2.INTER_AREA)
    _, inked = cv2.threshold(small, 0, 1, cv2.THRESH_OTSU)
    ink = min(inked.mean(), 1 - inked.mean())
    middle = inked[STROKES_HEIGHT // 4 : -STROKES_HEIGHT // 4].astype(np.int8)
    edges = np.abs(np.diff(middle, axis=1)).sum(axis=1).mean() * height / width
    return bool(ink <= MAX_INK and edges >= MIN_EDGES)


def warm() -> None:
    """Load the models now instead of at first use."""
    _load()


def _read(image: Image.Image, script: str, model: Any) -> Reading:
    model.SetImage(image)
    text = " ".join(model.GetUTF8Text().split())
    reading = Reading(text, model.MeanTextConf() / 100)
    return reading if reading.score >= MIN_SCORE and _is_in(script, text) else NOTHING


def _is_in(script: str, text: str) -> bool:
    """Return whether at least half of the letters are the script's."""
    letters = [unicodedata.name(each, "") for each in text if each.isalpha()]
    return 0 < len(letters) <= 2 * sum(name.startswith(script) for name in letters)


def _prepared(line: Pixels) -> Image.Image:
    """Return the line in black on white, in grey, of the height that Tesseract reads best."""
    from PIL import Image, ImageOps

    grey = Image.fromarray(line).convert("L")
    if sum(grey.histogram()[:128]) > grey.width * grey.height / 2:
        grey = ImageOps.invert(grey)
    size = (max(1, round(grey.width * HEIGHT / grey.height)), HEIGHT)
    return ImageOps.expand(grey.resize(size, Image.Resampling.BICUBIC), MARGIN, fill=255)


@loads_once_a_thread
def _load() -> dict[str, Any]:
    """Return the models by script: none where tesserocr has no wheel, as pyproject.toml says."""
    try:
        from tesserocr import OEM, PSM, PyTessBaseAPI
    except ModuleNotFoundError:
        if platform.system() != "Darwin":
            raise
        return {}
    with tempfile.TemporaryDirectory() as folder:  # Tesseract reads a model from a file, and all of it at once
        for name in MODELS.values():
            data = lzma.decompress((FOLDER / f"{name}.traineddata.xz").read_bytes())
            Path(folder, f"{name}.traineddata").write_bytes(data)
        return {
            script: PyTessBaseAPI(path=folder, lang=name, psm=PSM.SINGLE_LINE, oem=OEM.LSTM_ONLY)
            for script, name in MODELS.items()
        }
