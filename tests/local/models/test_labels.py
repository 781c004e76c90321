"""Names that a person would use, people and things with boxes, and graphics told as such."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from tests.support.paths import PICTURES
from twbot.local.models import labels as model
from twbot.local.models import objects
from twbot.local.models.faces import find_faces
from twbot.local.models.labels import DATA, PEOPLE, Kind, labels
from twbot.local.models.objects import Thing

Picture = Image.Image


def _picture(name: str) -> Picture:
    return Image.open(PICTURES / name).convert("RGB")


def _names(image: Picture, least: float = 70) -> dict[str, dict[str, Any]]:
    return {label["Name"]: label for label in labels(image, []) if label["Confidence"] >= least}


def test_every_class_has_a_name_of_a_few_words() -> None:
    """No sentence, no list, no scholar's explanation: a reply names what it sees."""
    kinds = [kind for line in model._kinds() for kind in line] + [
        Kind(*kind) for thing in model._things().values() for kind in model._line(thing)
    ]
    assert len(model._kinds()) == 1000
    for kind in kinds:
        for name in (kind.name, *kind.parents):
            assert re.fullmatch(r"[\w'.\-]+( [\w'.\-]+){0,3}", name), name
            assert not re.search(r"\b(or|having|a|an|used|type)\b", name, re.IGNORECASE), name


@pytest.mark.parametrize("file", ["imagenet_labels.txt", "coco_labels.txt"])
def test_no_class_is_named_twice(file: str) -> None:
    """A later line would win in silence."""
    text = (DATA / file).read_text(encoding="utf-8")
    for own in (True, False):
        numbers = [each for many, rest in model._lines(text) if rest.startswith("= ") == own for each in many]
        assert len(numbers) == len(set(numbers))


def test_one_name_has_one_line_of_parents() -> None:
    """Labels of the same name are summed: which parents they had would be chance. But groups lie in several others."""
    groups = {"Wildlife", "Sea Life", "Canine"}
    parents: dict[str, set[tuple[str, ...]]] = {}
    for kind in [kind for line in model._kinds() for kind in line] + list(model._things().values()):
        parents.setdefault(kind.name, set()).add(kind.parents)
    assert {name: many for name, many in parents.items() if len(many) > 1}.keys() <= groups


@pytest.mark.parametrize("word", ["Bikini", "Miniskirt", "Leotard", "Brassiere", "Bra", "Diaper", "Wig", "Maillot"])
def test_nobody_is_labelled_by_clothes_that_judge(word: str) -> None:
    """The model sees these in group photos."""
    assert not any(word in kind.name.split() for line in model._kinds() for kind in line)


def _page() -> Picture:
    image = Image.new("RGB", (700, 900), "white")
    for line in range(32):
        text = "Sentences that were written only to fill a page with words " + "again " * (line % 4)
        ImageDraw.Draw(image).text((50, 40 + line * 25), text, "black", ImageFont.load_default(18))
    return image


def _drawing() -> Picture:
    image = Image.new("RGB", (500, 500), "#fff3c4")
    pen = ImageDraw.Draw(image)
    pen.ellipse((90, 90, 410, 410), fill="#f7c325", outline="black", width=6)
    for left in (170, 280):
        pen.ellipse((left, 180, left + 50, 250), fill="black")
    pen.arc((160, 200, 340, 350), 20, 160, fill="black", width=10)
    return image


def _chart() -> Picture:
    image = Image.new("RGB", (640, 480), "white")
    pen = ImageDraw.Draw(image)
    for number, height in enumerate((120, 300, 210, 260, 90, 180)):
        pen.rectangle((90 + number * 85, 420 - height, 150 + number * 85, 420), fill="#1f77b4")
        pen.text((110 + number * 85, 430), str(2019 + number), "black", ImageFont.load_default(14))
        pen.text((45, 60 + number * 60), str(60 - number * 10), "black", ImageFont.load_default(14))
    pen.line((80, 40, 80, 420, 600, 420), fill="black", width=2)
    return image


@pytest.mark.parametrize(
    ("make", "general"),
    [
        pytest.param(_page, {"Text"}, id="page"),
        pytest.param(_drawing, {"Art"}, id="drawing"),
        pytest.param(_chart, {"Plot", "Art"}, id="chart"),
        pytest.param(lambda: _picture("sign.png"), {"Art", "Text", "Plot"}, id="sign"),
    ],
)
def test_a_graphic_is_told_as_such_and_as_nothing_else(make: Callable[[], Picture], general: set[str]) -> None:
    """The classes of photos say nonsense of graphics, surely: none of them is named."""
    found = _names(make())
    graphic = {"Text", "Page", "Art", "Drawing", "Graphics", "Plot", "Chart", "Screenshot"}
    assert found.keys() & general
    assert found.keys() <= graphic


@pytest.mark.parametrize(("share", "named"), [(0.7, False), (0.95, True)])
def test_a_class_needs_all_but_certainty_in_a_graphic(
    share: float, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would be sure in a photo is not in a drawing."""
    seen = model.see(_drawing())
    cat = [share if number == 281 else 0.0 for number in range(1000)]
    monkeypatch.setattr(model, "see", lambda _: seen._replace(classes=cat))
    assert ("Cat" in _names(_drawing())) is named


@pytest.mark.parametrize("name", ["cat.jpg", "coffee.jpg", "celebrity.jpg", "stranger.jpg"])
def test_a_photo_is_no_graphic(name: str) -> None:
    """Grey and blurred photos, too."""
    photo = _picture(name)
    for image in (photo, photo.convert("L").convert("RGB"), photo.filter(ImageFilter.GaussianBlur(2))):
        assert not _names(image, 0).keys() & {"Art", "Text", "Plot"}


@pytest.mark.parametrize(
    ("name", "label", "parents"),
    [("stranger.jpg", "Person", []), ("cat.jpg", "Cat", ["Pet", "Mammal", "Animal"])],
)
def test_people_and_things_have_boxes(name: str, label: str, parents: list[str]) -> None:
    """Without a face, too: `highlight_labels` frames them. The box covers most of what these pictures show."""
    found = _names(_picture(name))[label]
    (instance,) = found["Instances"]
    box = instance["BoundingBox"]
    assert [each["Name"] for each in found["Parents"]] == parents
    assert box["Width"] * box["Height"] > 0.4
    assert 0 <= box["Left"] <= box["Left"] + box["Width"] <= 1
    assert 0 <= box["Top"] <= box["Top"] + box["Height"] <= 1
    assert instance["Confidence"] >= 70


def test_a_box_is_where_the_thing_is() -> None:
    """Whatever the picture's shape: the cat at the right of a wide picture, at the bottom of a high one."""
    cat = _picture("cat.jpg").resize((450, 300))
    wide, high = Image.new("RGB", (900, 300), "grey"), Image.new("RGB", (450, 600), "grey")
    wide.paste(cat, (450, 0))
    high.paste(cat, (0, 300))
    (thing,) = [each for each in objects.find_things(wide, 0.5) if model._things()[each.number].name == "Cat"]
    assert thing.left > 0.45
    (thing,) = [each for each in objects.find_things(high, 0.5) if model._things()[each.number].name == "Cat"]
    assert thing.top > 0.45


def _thing(name: str, score: float) -> Thing:
    number = next(number for number, kind in model._things().items() if kind.name == name)
    return Thing(number, score, 0.1, 0.1, 0.9, 0.9)


FACE = (99.0, {"Left": 0.4, "Top": 0.2, "Width": 0.1, "Height": 0.1})


@pytest.mark.parametrize(
    ("thing", "faces", "graphic", "expected"),
    [
        (_thing("Person", 0.5), [], False, True),
        (_thing("Person", 0.45), [], False, False),
        (_thing("Person", 0.45), [FACE], False, True),
        (_thing("Kite", 0.55), [], False, False),
        (_thing("Kite", 0.65), [], False, True),
        (_thing("Kite", 0.65), [], True, False),
        (_thing("Person", 0.65), [FACE], True, True),
    ],
)
def test_what_nothing_supports_must_be_surer(
    thing: Thing, faces: list[tuple[float, dict[str, float]]], graphic: bool, expected: bool
) -> None:
    """A face within the box, or the same class by the other model, is support."""
    found: dict[str, dict[str, Any]] = {}
    model._add_things(found, [thing], faces, certain=graphic)
    assert bool(found) is expected


def test_a_label_of_both_models_comes_once_with_its_boxes() -> None:
    """The surer confidence, and the instances."""
    found = {"Cat": model._label("Cat", 97.0, ("Pet", "Mammal", "Animal"))}
    model._add_things(found, [_thing("Cat", 0.45), _thing("Cat", 0.42)], [], certain=False)
    assert found["Cat"]["Confidence"] == 97.0
    assert len(found["Cat"]["Instances"]) == 2
    assert {"Pet", "Mammal", "Animal"} <= found.keys()


def test_faces_are_people_though_no_body_is_found() -> None:
    """As before: face, head and person, the face with its box."""
    found = {label["Name"]: label for label in labels(Image.new("RGB", (300, 300), "grey"), [FACE])}
    assert found.keys() >= PEOPLE.keys()
    assert found["Face"]["Instances"] == [{"BoundingBox": FACE[1], "Confidence": 99.0}]


@pytest.mark.parametrize("size", [(8, 8), (8, 2000), (2000, 8), (33, 31)])
def test_no_shape_of_picture_breaks_anything(size: tuple[int, int]) -> None:
    """The smallest and the thinnest that is decoded; noise, so that all models have something to think about."""
    noise = Image.effect_noise(size, 90).convert("RGB")
    assert find_faces(noise) == []
    for label in labels(noise, []):
        assert 0 < label["Confidence"] < 100
