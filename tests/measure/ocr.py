"""How well the text in pictures is read, and what that takes, beside RapidOCR as it comes: as `local` had it before."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from tests.measure.tables import Table
from tests.support.pictures_of_text import Case, cases, unread
from twbot.local.models import ocr
from twbot.local.models.pictures import MAX_SIDE

# Of `local` before: the longer side in pixels, and the minimum score by the number of characters.
SIDE_BEFORE, SCORES_BEFORE, SCORE_BEFORE = 1440, {1: 0.95, 2: 0.9, 3: 0.85, 4: 0.85}, 0.7
NOTE = """CER: wrong, missing and additional characters for each one that is there, without spaces, the lines in their
order. CPU: seconds of this machine, old and new in turn. The pictures are drawn by `tests/support/pictures_of_text.py`,
mostly in Noto's fonts; real ones are less clean. Handwriting is not read."""
NONE = """Nor are Greek, Hebrew, Thai and other scripts. Of 53 photographs (scikit-image 0.26.0, the documentation of
OpenCV 4.6, face-api, the demo's) one was read a digit that it does not have, none is now; none is said to have
writing that can't be read. They took 28 CPU seconds before and 8 now, a page of a map left out."""


def measure() -> list[Table]:
    before = _before()
    ocr.warm()
    return [
        Table(
            "Text in pictures",
            ("picture", "CER before", "CER now", "CPU before", "CPU now"),
            _with_means([_row(case, before) for case in cases()]),
            NOTE,
        ),
        Table(
            "Writing that no model reads",
            ("script", "lines", "read as before", "read as now", "said to be there, now"),
            [_unread_row(case, before) for case in unread()],
            NONE,
        ),
    ]


Reader = Callable[[Image.Image], list[str]]


class Row(NamedTuple):
    kind: str
    figures: tuple[float, float, float, float]
    """Error rates before and now, CPU seconds before and now."""


def _row(case: Case, before: Reader) -> Row:
    image = case.image.copy()
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    old, old_seconds = _timed(before, image)
    new, new_seconds = _timed(_now, image)
    return Row(case.kind, (error_rate(old, case.lines), error_rate(new, case.lines), old_seconds, new_seconds))


def _timed(read: Reader, image: Image.Image) -> tuple[list[str], float]:
    began = time.process_time()
    return read(image), time.process_time() - began


def _with_means(rows: list[Row]) -> list[tuple[str, ...]]:
    columns = zip(*(row.figures for row in rows), strict=True)
    old, new, old_seconds, new_seconds = (statistics.mean(column) for column in columns)
    means = Row("**mean**", (old, new, old_seconds, new_seconds))
    return [(row.kind, *(f"{figure:.2f}" for figure in row.figures)) for row in [*rows, means]]


def _unread_row(case: Case, before: Reader) -> tuple[str, ...]:
    old, new = before(case.image), ocr.read_lines(case.image)
    return (
        case.kind,
        str(len(case.lines)),
        " / ".join(old),
        " / ".join(line.text for line in new if line.text),
        str(sum(not line.text for line in new)),
    )


def _now(image: Image.Image) -> list[str]:
    return [line.text for line in ocr.read_lines(image) if line.text]


def _before() -> Reader:
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    engine = RapidOCR(params={"Global.log_level": "critical", **threads})

    def read(image: Image.Image) -> list[str]:
        image = image.copy()
        image.thumbnail((SIDE_BEFORE, SIDE_BEFORE))
        result: Any = engine(np.ascontiguousarray(np.asarray(image)[:, :, ::-1]))
        lines = zip(result.txts or (), result.scores or (), strict=True)
        return [text for text, score in lines if score >= SCORES_BEFORE.get(len(text.strip()), SCORE_BEFORE)]

    read(Image.new("RGB", (64, 64)))
    return read


def error_rate(read: Sequence[str], said: Sequence[str]) -> float:
    """Return the edits from what is read to what is said, per character that is said, without spaces."""
    one, other = ("".join("".join(lines).split()) for lines in (read, said))
    row = list(range(len(other) + 1))
    for number, left in enumerate(one, start=1):
        above, row[0] = row[0], number
        for place, right in enumerate(other, start=1):
            above, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, above + (left != right))
    return row[-1] / len(other)
