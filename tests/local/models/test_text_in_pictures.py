"""What is read in pictures of text, and what is said of writing that no model reads."""

from __future__ import annotations

import platform
import struct
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support import pictures_of_text as pictures
from tests.support.paths import PICTURES
from twbot.local.models import ocr, scripts, text_networks
from twbot.local.models.ocr import Line, detect_text, read_lines, words_of
from twbot.local.models.pictures import MAX_SIDE
from twbot.local.models.text_boxes import Box, boxes_of
from twbot.local.models.text_lines import NOTHING, Read, in_order, read_boxes
from twbot.local.models.text_networks import Reading
from twbot.local.models.training.tessdata import without_words

# Kinds that between them take every path; `make measure-models` measures all of them.
TRIED = {
    "strip",
    "meme",
    "tweet, 13 px",
    "low contrast",
    "blur, JPEG 20",
    "turned by 30",
    "turned by 90",
    "turned by 270",
    "tweet turned by 180",
    "3000x4000, 24 px, 3 lines",
    "1600x1200, 18 px",
    "French",
    "Chinese, upside down",
    "Cyrillic, 20 px white on dark",
    "Arabic",
    "Devanagari",
    "English and Russian",
}
CORNERS = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.1), (0.0, 0.1))


def _read(image: Image.Image) -> list[str]:
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)  # as `decode` does
    return [line.text for line in read_lines(image)]


def _packed(lines: list[str] | tuple[str, ...]) -> list[str]:
    return ["".join(line.split()) for line in lines]


@pytest.mark.parametrize("case", [case for case in pictures.cases() if case.kind in TRIED], ids=lambda case: case.kind)
def test_every_line_is_read_in_its_order(case: pictures.Case) -> None:
    """However large, faint or turned it is, in each script that a model reads."""
    assert _packed(_read(case.image)) == _packed(case.lines)


def test_korean_is_read() -> None:
    """Of 30 letters one may be wrong."""
    (case,) = (case for case in pictures.cases() if case.kind == "Korean")
    read, said = "".join(_packed(_read(case.image))), "".join(_packed(case.lines))
    assert len(read) == len(said)
    assert sum(one != other for one, other in zip(read, said, strict=True)) <= 1


@pytest.mark.parametrize("case", list(pictures.unread()), ids=lambda case: case.kind)
@pytest.mark.parametrize("turn", [None, Image.Transpose.ROTATE_90], ids=["upright", "turned"])
def test_writing_that_no_model_reads_is_said_to_be_there(case: pictures.Case, turn: Image.Transpose | None) -> None:
    """A line without text for each, not a guess in the letters of another script."""
    assert _read(case.image.transpose(turn) if turn is not None else case.image) == ["", "", ""]


def _coins() -> Image.Image:
    image = Image.effect_noise((800, 400), 20).convert("RGB")
    for place in range(24):
        x, y = 20 + place % 8 * 95, 20 + place // 8 * 125
        ImageDraw.Draw(image).ellipse((x, y, x + 80, y + 80), fill="#b08d57", outline="black", width=3)
    return image


def _stripes() -> Image.Image:
    image = Image.new("RGB", (640, 640), "white")
    for x in range(0, 640, 20):
        ImageDraw.Draw(image).rectangle((x, 0, x + 9, 640), fill="black")
    return image


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(lambda: Image.open(PICTURES / "cat.jpg").convert("RGB"), id="cat"),
        pytest.param(lambda: Image.open(PICTURES / "coffee.jpg").convert("RGB"), id="coffee"),
        pytest.param(lambda: Image.open(PICTURES / "celebrity.jpg").convert("RGB"), id="celebrity"),
        pytest.param(_coins, id="coins"),
        pytest.param(_stripes, id="stripes"),
        pytest.param(lambda: Image.effect_noise((640, 480), 90).convert("RGB"), id="noise"),
        pytest.param(lambda: Image.new("RGB", (8, 8)), id="tiny"),
        pytest.param(lambda: Image.new("RGB", (2000, 8), "white"), id="thin"),
    ],
)
def test_what_is_no_writing_is_not_said_to_be_any(image: Callable[[], Image.Image]) -> None:
    """Neither text nor writing that can't be read."""
    assert _read(image()) == []


def test_what_is_not_read_has_rekognitions_shape() -> None:
    """A LINE without text or confidence, and without words."""
    image = next(pictures.unread()).image
    found = detect_text(image)
    assert [(each["Type"], each["DetectedText"], each["Confidence"]) for each in found] == [("LINE", "", 0.0)] * 3
    assert all(0 < each["Geometry"]["BoundingBox"]["Width"] < 1 for each in found)


def test_boxes_are_where_the_text_is() -> None:
    """On a large page as on a small one, and the first corner is that of the first letter, however it is turned."""
    page = pictures.page(["Here"], size=24, width=1500, height=2000)
    (line,) = read_lines(page)
    (turned,) = read_lines(page.transpose(Image.Transpose.ROTATE_90))
    assert line.corners[0] == pytest.approx((24 / 1500, 28 / 2000), abs=0.01)
    # Turned to the left, the top left of the page is its bottom left.
    assert turned.corners[0] == pytest.approx((line.corners[0][1], 1 - line.corners[0][0]), abs=0.01)


@pytest.mark.parametrize(
    ("text", "spans"),
    [("ab cd", [(0, 0.4), (0.6, 1)]), ("אב גד", [(0.6, 1), (0, 0.4)]), ("one", [(0, 1)]), ("", [])],
)
def test_words_lie_where_the_script_runs(text: str, spans: list[tuple[float, float]]) -> None:
    """From the right in Hebrew and Arabic."""
    found = [(word.corners[0][0], word.corners[1][0]) for word in words_of(Line(text, 1, CORNERS))]
    assert found == [pytest.approx(span) for span in spans]


def _box(x: float, y: float, width: float = 100, height: float = 10) -> Box:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return Box(np.array(corners, np.float32), 0.9)


def test_lines_are_in_the_order_of_reading() -> None:
    """Row by row: what is a little lower, but further left, comes first."""
    placed = {"first": (0, 3), "second": (200, 0), "third": (0, 30), "fourth": (200, 28), "": (400, 29)}
    lines = [Read(Reading(text, 1.0), _box(*place)) for text, place in placed.items()]
    assert [line.reading.text for line in in_order(lines[::-1])] == list(placed)
    assert in_order([]) == []


def test_a_script_that_reads_no_line_is_not_tried_on_every_line() -> None:
    """A page of it would take a minute: the longest lines are tried each way up, and that is all."""
    tried: list[Any] = []

    def nothing(line: Any) -> Reading:
        tried.append(line)
        return NOTHING

    boxes = [_box(0, 20 * number) for number in range(40)]
    pixels = np.zeros((900, 120, 3), np.uint8)
    assert {each.reading for each in read_boxes(pixels, boxes, nothing, gives_up=True)} == {NOTHING}
    assert len(tried) == 6


def test_one_line_that_reads_well_tells_the_way_up() -> None:
    """Each other line is read once then, as most of the time goes into reading."""
    tried: list[Any] = []

    def upside_down(line: Any) -> Reading:
        tried.append(line)
        return Reading("text", 0.99 if line[2, 2, 0] > 99 else 0.3)

    boxes = [_box(0, 20 * number, width=100 + number) for number in range(10)]
    pixels = np.zeros((300, 120, 3), np.uint8)
    for box in boxes:
        x, y = box.corners[2].astype(int)
        pixels[y - 4 : y, x - 4 : x] = 255
    assert {each.reading.score for each in read_boxes(pixels, boxes, upside_down)} == {0.99}
    assert len(tried) == len(boxes) + 1


def test_the_script_of_the_line_before_is_tried_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other models are asked about a picture's first line only, and about lines that this one does not read."""
    asked: list[str] = []

    def read(image: Any, script: str, _: Any) -> Reading:
        asked.append(script)
        return Reading(script, 0.9) if script == ("HANGUL" if image.width > 100 else "ARABIC") else NOTHING

    monkeypatch.setattr(scripts, "_read", read)
    monkeypatch.setattr(scripts, "is_writing", lambda _: True)
    reader = scripts.Reader()
    long, short = (np.zeros((10, width, 3), np.uint8) for width in (90, 20))
    assert [reader(line).text for line in (long, long, short, short)] == ["HANGUL", "HANGUL", "ARABIC", "ARABIC"]
    assert asked == ["CYRILLIC", "HANGUL", "HANGUL", "HANGUL", "CYRILLIC", "ARABIC", "ARABIC"]


@pytest.mark.parametrize(
    ("columns", "text", "score"),
    [
        ("--aab--", "ab", 0.9),
        ("aa-a b", "aa b", 0.9),
        ("-----", "", 0.0),
        ("   a ", "a", 0.9),
    ],
)
def test_a_letter_that_stays_is_one(columns: str, text: str, score: float) -> None:
    """What is read twice in a row is one letter, unless there is none between."""
    letters = ["", "a", "b", " "]
    probabilities = np.full((len(columns), len(letters)), 0.01, np.float32)
    for column, letter in enumerate(columns):
        probabilities[column, letters.index(letter.strip("-"))] = 0.9
    reading = text_networks._reading(probabilities, letters)
    assert reading.text == text
    assert reading.score == pytest.approx(score)


@pytest.mark.parametrize("angle", [0, 3, 30, 89])
def test_a_marks_box_reaches_further_than_the_mark(angle: float) -> None:
    """By its area for its perimeter, on all sides, in the picture's pixels, however it is turned."""
    marked = Image.new("F", (400, 400))
    ImageDraw.Draw(marked).rectangle((100, 190, 299, 209), fill=0.9)
    (box,) = boxes_of(np.asarray(marked.rotate(angle)), (800, 800))
    assert sorted(box.size) == pytest.approx([2 * (20 + 29), 2 * (200 + 29)], abs=8)
    assert box.corners.mean(axis=0) == pytest.approx([400, 400], abs=3)
    assert box.score > 0.8


@pytest.mark.parametrize(
    ("filled", "probability", "boxes"),
    [((50, 50, 150, 60), 0.9, 1), ((50, 50, 150, 60), 0.4, 0), ((50, 50, 51, 51), 0.9, 0), ((0, 0, 199, 9), 0.9, 1)],
    ids=["a line", "unsure", "a speck", "at the edge"],
)
def test_marks_are_boxes_if_they_are_sure_and_large(filled: Any, probability: float, boxes: int) -> None:
    """As the detector's authors have it; no box reaches out of the picture."""
    marked = Image.new("F", (200, 100))
    ImageDraw.Draw(marked).rectangle(filled, fill=probability)
    found = boxes_of(np.asarray(marked), (100, 200))
    assert len(found) == boxes
    assert all(0 <= x < 200 and 0 <= y < 100 for box in found for x, y in box.corners)


def test_what_is_no_text_hides_no_text() -> None:
    """Where the longest boxes say nothing, the others are read nevertheless."""
    badge = Image.open(PICTURES / "stranger.jpg").convert("RGB")
    assert _read(badge) == ["COMO HOPPER"]


@pytest.mark.parametrize(
    ("text", "score", "readable"),
    [
        ("The market", 0.75, True),
        ("The market", 0.65, False),
        ("Σεα  ι ενι ω", 0.84, False),
        ("Tea       12", 0.98, True),
        ("3", 0.94, False),
        ("T T", 0.99, False),
        ("***", 0.99, False),
        ("", 0.99, False),
    ],
)
def test_a_guess_is_no_reading(text: str, score: float, readable: bool) -> None:
    """Letters that the model lacks leave holes, or a few letters on a long line."""
    assert ocr._is_readable(Reading(text, score), np.zeros((10, 75, 3), np.uint8)) == readable


def test_without_a_wheel_the_other_scripts_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """On an old macOS the bot says that there is writing; elsewhere a missing package is an error."""
    monkeypatch.setitem(sys.modules, "tesserocr", None)
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    load = scripts._load.__wrapped__  # type: ignore[attr-defined]
    assert load() == {}
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    with pytest.raises(ModuleNotFoundError):
        load()


def test_a_models_file_goes_without_its_words() -> None:
    """The parts before and after stay as they are, each where its offset says."""
    parts = {17: b"network", 19: b"words" * 100, 21: b"letters"}
    count, begin, offsets, data = 24, 4 + 8 * 24, [-1] * 24, b""
    for number, part in parts.items():
        offsets[number] = begin + len(data)
        data += part
    made = without_words(struct.pack(f"<i{count}q", count, *offsets) + data)
    kept = struct.unpack_from("<i24q", made)
    assert kept[0] == count
    assert [made[kept[1 + number] :][:7] for number in (17, 21)] == [b"network", b"letters"]
    assert kept[1 + 19] == -1
    assert len(made) == begin + len(b"network" + b"letters")


def _bengali() -> Image.Image:
    return pictures.page(["দোকান সকালে খোলে"], font="Bengali", size=40, width=420, height=100).crop((30, 40, 420, 95))


def _row_of_coins() -> Image.Image:
    row = Image.new("RGB", (420, 70), "#222")
    for x in range(0, 420, 70):
        ImageDraw.Draw(row).ellipse((x + 5, 5, x + 65, 65), fill="#bbb")
    return row


@pytest.mark.parametrize(
    ("image", "writing"),
    [
        (_bengali, True),
        (_row_of_coins, False),
        (lambda: Image.new("RGB", (420, 70), "#222"), False),
        (lambda: _stripes().crop((0, 0, 420, 70)), False),
        (lambda: Image.new("RGB", (20, 70)), False),
    ],
    ids=["Bengali", "coins", "nothing", "stripes", "a letter's shape"],
)
def test_a_line_of_letters_has_strokes(image: Callable[[], Image.Image], writing: bool) -> None:
    """A row of other things that the detector boxes has more ink and fewer strokes: nobody is told of writing."""
    assert scripts.is_writing(np.asarray(image())) == writing
