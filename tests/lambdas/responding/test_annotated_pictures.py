"""Names stand beside faces, legible and within the picture; strangers can't be recognised."""

from __future__ import annotations

import io
import itertools
import unicodedata
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageStat

from twbot.lambdas.contracts import ImageAnalysis
from twbot.lambdas.errors import UnusableImage
from twbot.lambdas.pictures import as_jpeg, open_picture
from twbot.lambdas.responding.annotate import annotate
from twbot.lambdas.responding.boxes import Box, box_of, place
from twbot.lambdas.responding.fonts import JOINERS, font_for


def jpeg(image: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95, **options)
    return file.getvalue()


def found(left: float, top: float, width: float, height: float) -> dict[str, Any]:
    return {"BoundingBox": {"Left": left, "Top": top, "Width": width, "Height": height}}


def celebrities(*named: tuple[str, Sequence[float]]) -> ImageAnalysis:
    return ImageAnalysis(celebrity_faces=[{"Name": name, "Face": found(*box)} for name, box in named])


def drawn(image: Image.Image, analysis: ImageAnalysis, **options: Any) -> Image.Image:
    chosen = {"blur_strangers": False, "highlight": [], **options}
    result = Image.open(io.BytesIO(annotate(jpeg(image), analysis, **chosen)))
    assert result.format == "JPEG"
    return result.convert("RGB")


@pytest.mark.parametrize("background", [0, 127, 255])
@pytest.mark.parametrize("size", [(100, 75), (1200, 800), (800, 2000), (4000, 3000)])
def test_a_name_is_legible_on_any_background(background: int, size: tuple[int, int]) -> None:
    """White letters on a dark plate, in proportion to the picture, which is enlarged if it is small."""
    image = Image.new("RGB", size, (background,) * 3)
    result = drawn(image, celebrities(("Barack Obama", (0.4, 0.4, 0.2, 0.2))))
    assert max(result.size) >= 640
    plate = result.crop((0, round(result.height * 0.25), result.width, round(result.height * 0.39))).convert("L")
    dark = plate.point(lambda level: 255 if level < 45 else 0)
    box = dark.getbbox() if background > 60 else plate.point(lambda level: 255 if level > 60 else 0).getbbox()
    assert box is not None
    label = plate.crop(box)
    assert label.height >= max(result.size) / 45
    assert label.getextrema()[1] > 230  # type: ignore[operator]


@given(
    label=st.tuples(st.integers(1, 200), st.integers(1, 60)),
    faces=st.lists(st.tuples(st.integers(0, 560), st.integers(0, 400), st.integers(1, 80), st.integers(1, 80)),
                   min_size=1, max_size=8),
)  # fmt: skip
def test_labels_stay_inside_and_apart(label: tuple[int, int], faces: list[tuple[int, int, int, int]]) -> None:
    """However the faces lie: no label on another, none cut off at the border."""
    size = (640, 480)
    boxes = [Box(left, top, left + width, top + height) for left, top, width, height in faces]
    labels: list[Box] = []
    for box in boxes:
        labels.append(place(label, box, size, labels=labels, faces=boxes))
    assert all(one.overlap(other) == 0 for one, other in itertools.combinations(labels, 2))
    assert all(one.left >= 0 and one.top >= 0 and one.right <= 640 and one.bottom <= 480 for one in labels)


def test_a_label_leaves_the_faces_free_where_there_is_room() -> None:
    """Its own, and its neighbours'."""
    faces = [Box(100, 200, 180, 280), Box(190, 200, 270, 280), Box(280, 200, 360, 280)]
    label = place((150, 30), faces[1], (640, 480), labels=[], faces=faces)
    assert [label.overlap(face) for face in faces] == [0, 0, 0]


def test_no_name_hides_a_neighbour() -> None:
    """A face under somebody's label is nobody's."""
    image = Image.new("RGB", (640, 480), "white")
    analysis = celebrities(("Ann Archer", (0.4, 0.5, 0.1, 0.15)))
    above = msgspec.structs.replace(analysis, unrecognized_faces=[found(0.35, 0.33, 0.2, 0.15)])
    face = drawn(image, above).crop((230, 165, 346, 225)).convert("L")
    assert face.getextrema()[0] > 150  # type: ignore[operator]


def test_a_stranger_cannot_be_recognised() -> None:
    """What tells faces apart is gone from the whole head, and the rest of the picture stays as it was."""
    image = Image.effect_noise((640, 640), 120).convert("RGB")
    result = drawn(image, ImageAnalysis(unrecognized_faces=[found(0.4, 0.4, 0.2, 0.2)]), blur_strangers=True)
    face, corner = (256, 256, 384, 384), (0, 0, 100, 100)
    assert max(ImageStat.Stat(result.crop(face)).stddev) < 20
    assert max(ImageStat.Stat(result.crop(corner)).stddev) > 70


def test_strangers_stay_as_they_are_unless_asked() -> None:
    """Blurring is the operator's choice."""
    image = Image.effect_noise((640, 640), 120).convert("RGB")
    result = drawn(image, ImageAnalysis(unrecognized_faces=[found(0.4, 0.4, 0.2, 0.2)]))
    assert max(ImageStat.Stat(ImageChops.difference(image, result)).mean) < 12


@pytest.mark.parametrize(("highlight", "framed"), [(["DOG"], True), (["Cat"], False), ([], False)])
def test_only_wanted_labels_are_highlighted(highlight: list[str], framed: bool) -> None:
    """Whatever case the name was written in."""
    image = Image.new("RGB", (640, 480), "white")
    analysis = ImageAnalysis(labels=[{"Name": "Dog", "Instances": [found(0.2, 0.2, 0.3, 0.3)]}, {"Name": "Sky"}])
    result = drawn(image, analysis, highlight=highlight)
    assert (result.convert("L").getextrema()[0] < 60) is framed  # type: ignore[operator]


def test_a_rotated_photo_is_annotated_upright() -> None:
    """Boxes are those of the upright picture."""
    image = Image.new("RGB", (800, 400), "white")
    ImageDraw.Draw(image).rectangle((0, 0, 100, 400), fill="red")
    exif = Image.Exif()
    exif[0x0112] = 6
    result = Image.open(
        io.BytesIO(annotate(jpeg(image, exif=exif), ImageAnalysis(), blur_strangers=False, highlight=[]))
    )
    assert result.size == (400, 800)
    red, green, _ = result.convert("RGB").getpixel((200, 50))  # type: ignore[misc]
    assert red > 200 > 60 > green
    assert not result.getexif()


@pytest.mark.parametrize("name", ["Beyoncé", "Владимир", "Ελένη", "محمد صلاح", "שרה", "शाहरुख़", "ศิลปิน", "ზაზა"])
def test_names_keep_their_script(name: str) -> None:
    """Noto has shapes for it: no box instead of a letter."""
    text, font = font_for(name, 30)
    assert text == name
    assert all(
        font.getmask(letter).getbbox() != font.getmask("\U0010fffd").getbbox() for letter in name if letter != " "
    )


@pytest.mark.parametrize(
    "name",
    [
        "דוד בן-גוריון",
        "علی\u200cرضا بیرانوند",
        "محمد ۲",
        "محمد 2",
        "محمد-علي",
        "शाह-रुख़ 3",
        "ก-ก",
        "ზაზა-ვანო",
        "ନବୀନ ପଟ୍ଟନାୟକ",
        "Jean-Luc O’Neil 2",
    ],
)
def test_joiners_hyphens_and_digits_belong_to_every_script(name: str) -> None:
    """They are no reason to write the whole name in Latin letters."""
    assert font_for(name, 30)[0] == name


@pytest.mark.parametrize(
    ("name", "written"), [("ג'ורג'", "ג׳ורג׳"), ("ศิลปิน 2", "ศิลปิน ๒"), ("אנה–מריה", "אנה-מריה"), ("דוד 2", "dvd 2")]
)
def test_marks_that_a_font_lacks_have_its_own_shape(name: str, written: str) -> None:
    """The apostrophe of Hebrew, the digits of Thai; what has no shape at all leads to Latin letters, not to a box."""
    text, font = font_for(name, 30)
    assert text == written
    box = bytes(font.getmask("\U0010fffe"))
    assert not [letter for letter in text if letter != " " and bytes(font.getmask(letter)) == box]


@given(st.text(alphabet="אבגदाकαбaé -'’.2\u200c\u200d\u05beกعلی語", max_size=8))
def test_no_name_is_drawn_as_boxes(name: str) -> None:
    """Whatever scripts and marks are mixed in it."""
    text, font = font_for(name, 24)
    box = bytes(font.getmask("\U0010fffe"))
    assert not [
        each for each in text if not each.isspace() and each not in JOINERS and bytes(font.getmask(each)) == box
    ]


@pytest.mark.parametrize("name", ["محمد صلاح", "דוד בן-גוריון", "शाहरुख़", "ศิลปิน", "علی\u200cرضا"])
def test_without_raqm_scripts_that_need_it_are_transliterated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than drawn in single letters and from the wrong end, as on AWS Lambda, which has no libfribidi."""
    monkeypatch.setattr("PIL.features.check", lambda _: False)
    text, _ = font_for(name, 30)
    assert text.isascii()
    assert text
    assert font_for("ზაზა", 30)[0] == "ზაზა"
    assert font_for("Владимир", 30)[0] == "Владимир"


@pytest.mark.parametrize("raqm", [True, False])
def test_letters_and_their_marks_are_one_character_where_marks_find_no_place(
    raqm: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is spelled with single marks, as macOS does, looks as any other."""
    monkeypatch.setattr("PIL.features.check", lambda _: raqm)
    apart = unicodedata.normalize("NFD", "Nguyễn Żółć")
    assert font_for(apart, 30)[0] == (apart if raqm else "Nguyễn Żółć")


@pytest.mark.parametrize(
    ("name", "written"), [("\ufee3\ufea4\ufee4\ufeaa", "محمد"), ("Ｎｏｖａ", "Nova"), ("ﬁlm", "film")]
)
def test_shapes_of_letters_are_the_letters(name: str, written: str) -> None:
    """As old programs write Arabic: one character for the beginning of a letter, another for its end."""
    assert font_for(name, 30)[0] == written


def test_what_has_no_shape_is_written_in_latin_letters() -> None:
    """A name one can read, rather than boxes."""
    assert font_for("张艺谋", 30)[0] == "Zhang Yi Mou"


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (2000, 2), (3, 3)])
def test_the_smallest_pictures_are_no_trouble(size: tuple[int, int]) -> None:
    """Nor are faces of a pixel."""
    analysis = celebrities(("Barack Obama", (0.5, 0.5, 0.0001, 0.0001)))
    assert drawn(Image.new("RGB", size), analysis, blur_strangers=True).size >= (1, 1)


EDGES = st.floats(-3, 3) | st.sampled_from([float("nan"), float("inf"), 0.0, 1e-9])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(EDGES, EDGES, EDGES, EDGES), min_size=1, max_size=4))
def test_boxes_may_lie_anywhere(boxes: list[tuple[float, float, float, float]]) -> None:
    """Partly or wholly outside, or no boxes at all."""
    analysis = ImageAnalysis(
        celebrity_faces=[{"Name": "Somebody", "Face": found(*box)} for box in boxes],
        unrecognized_faces=[found(*box) for box in boxes] + [{}, {"BoundingBox": {"Left": "x"}}],
    )
    assert drawn(Image.new("RGB", (640, 300)), analysis, blur_strangers=True).size == (640, 300)


def test_a_box_is_in_pixels_of_the_picture() -> None:
    """And cut at its border."""
    assert box_of(found(0.25, 0.5, 0.25, 0.9), (400, 200)) == Box(100, 100, 200, 200)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "I;16", "1"])
def test_any_colour_mode_is_opened(mode: str) -> None:
    """As RGB; what is transparent is white."""
    file = io.BytesIO()
    Image.new(mode, (8, 8)).save(file, "TIFF" if mode == "CMYK" else "PNG")
    assert open_picture(file.getvalue()).mode == "RGB"


@pytest.mark.parametrize("data", [b"", b"hello", jpeg(Image.new("RGB", (64, 64)))[:200]])
def test_what_is_no_picture_is_said(data: bytes) -> None:
    """In words for the person who posted it."""
    with pytest.raises(UnusableImage, match=r"^The (picture is damaged|file is not a picture)"):
        annotate(data, ImageAnalysis(), blur_strangers=False, highlight=[])


def test_the_result_is_what_x_takes() -> None:
    """Quality gives way, then size, until the limit is kept."""
    noise = Image.effect_noise((900, 900), 120).convert("RGB")
    small = as_jpeg(noise, limit=60_000)
    assert len(small) <= 60_000
    assert max(Image.open(io.BytesIO(small)).size) < 900
    assert max(Image.open(io.BytesIO(as_jpeg(Image.new("RGB", (5000, 10))))).size) == 4096
