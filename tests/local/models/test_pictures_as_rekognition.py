"""What the image models see on the demo's pictures, and that their answers, limits and errors are Rekognition's."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from PIL import Image, ImageOps

from tests.support.paths import PICTURES
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.people import BadPhoto, NotKnown
from twbot.local.models.efficientnet import efficientnet
from twbot.local.models.errors import ServiceError
from twbot.local.models.gallery import Gallery
from twbot.local.models.rekognition import MAX_BYTES, Rekognition


@pytest.fixture(scope="module")
def rekognition(tmp_path_factory: pytest.TempPathFactory) -> Rekognition:
    return Rekognition(Gallery(tmp_path_factory.mktemp("gallery") / "gallery.json"), _stored)


def _stored(name: str) -> bytes:
    path = PICTURES / name
    if not path.is_file():
        raise KeyError(name)
    return path.read_bytes()


def _object(name: str) -> dict[str, Any]:
    return {"Image": {"S3Object": {"Bucket": "media", "Name": name}}}


def _bytes(image: Image.Image, **options: Any) -> dict[str, Any]:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return {"Image": {"Bytes": file.getvalue()}}


def _celebrity() -> Image.Image:
    return Image.open(PICTURES / "celebrity.jpg").convert("RGB")


def _names(answer: dict[str, Any]) -> list[str]:
    return [face["Name"] for face in answer["CelebrityFaces"]]


def _valid(operation: str, answer: dict[str, Any]) -> None:
    description = Loader().load_service_model("rekognition", "service-2")
    shape = ServiceModel(description).operation_model(operation).output_shape
    assert shape is not None
    report = ParamValidator().validate(answer, shape)
    assert not report.has_errors(), report.generate_report()


def test_a_celebrity_is_named(rekognition: Rekognition) -> None:
    """Somebody of the gallery is named on a photo that the gallery wasn't made from."""
    answer = rekognition.recognize_celebrities(_object("celebrity.jpg"))
    _valid("RecognizeCelebrities", answer)
    assert _names(answer) == ["Barack Obama"]
    assert answer["UnrecognizedFaces"] == []
    assert answer["CelebrityFaces"][0]["MatchConfidence"] > 70


def test_a_stranger_is_not_named(rekognition: Rekognition) -> None:
    """A face that isn't in the gallery is found and left without a name."""
    answer = rekognition.recognize_celebrities(_object("stranger.jpg"))
    _valid("RecognizeCelebrities", answer)
    assert _names(answer) == []
    assert len(answer["UnrecognizedFaces"]) == 1


@pytest.mark.parametrize("name", ["cat.jpg", "coffee.jpg", "sign.png"])
def test_no_face_where_there_is_none(rekognition: Rekognition, name: str) -> None:
    """What isn't a person's face isn't taken for one."""
    assert rekognition.recognize_celebrities(_object(name)) == {"CelebrityFaces": [], "UnrecognizedFaces": []}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(_bytes(ImageOps.mirror(_celebrity())), id="mirrored"),
        pytest.param(_bytes(_celebrity().resize((180, 225))), id="small"),
        pytest.param(_bytes(_celebrity(), quality=20), id="recompressed"),
        pytest.param(_bytes(_celebrity().convert("L")), id="grey"),
        pytest.param(_bytes(_celebrity().convert("CMYK")), id="CMYK"),
    ],
)
def test_the_same_person_however_the_photo_was_treated(rekognition: Rekognition, changed: dict[str, Any]) -> None:
    """Mirroring, scaling and compressing a photo change nobody's name."""
    assert _names(rekognition.recognize_celebrities(changed)) == ["Barack Obama"]


def test_boxes_are_those_of_the_upright_picture(rekognition: Rekognition) -> None:
    """A photo that only EXIF turns upright gives the same face in the same place."""
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = _bytes(_celebrity().transpose(Image.Transpose.ROTATE_90), exif=exif, quality=95)
    upright = rekognition.recognize_celebrities(_object("celebrity.jpg"))["CelebrityFaces"][0]["Face"]
    found = rekognition.recognize_celebrities(turned)["CelebrityFaces"][0]["Face"]
    assert found["BoundingBox"] == pytest.approx(upright["BoundingBox"], abs=0.02)
    points = {mark["Type"]: mark for mark in found["Landmarks"]}
    assert points["eyeLeft"]["X"] < points["nose"]["X"] < points["eyeRight"]["X"]
    assert points["eyeLeft"]["Y"] < points["nose"]["Y"]


@pytest.mark.parametrize(
    ("name", "label", "parent"),
    [("cat.jpg", "Cat", "Animal"), ("coffee.jpg", "Coffee", "Beverage"), ("stranger.jpg", "Face", "Person")],
)
def test_labels_say_what_is_seen(rekognition: Rekognition, name: str, label: str, parent: str) -> None:
    """Rekognition's names, each with its parents, and surer than the workflow asks for."""
    answer = rekognition.detect_labels({**_object(name), "MaxLabels": 15, "MinConfidence": 70})
    _valid("DetectLabels", answer)
    found = {each["Name"]: [parent["Name"] for parent in each["Parents"]] for each in answer["Labels"]}
    assert parent in found[label]
    assert all(each["Confidence"] >= 70 for each in answer["Labels"])


def test_as_many_labels_as_asked_for(rekognition: Rekognition) -> None:
    """MaxLabels keeps the surest."""
    (only,) = rekognition.detect_labels({**_object("cat.jpg"), "MaxLabels": 1})["Labels"]
    every = rekognition.detect_labels(_object("cat.jpg"))["Labels"]
    assert only["Confidence"] == max(each["Confidence"] for each in every)


def test_text_is_read_as_lines_and_words(rekognition: Rekognition) -> None:
    """Each word belongs to its line and lies within it."""
    answer = rekognition.detect_text(_object("sign.png"))
    _valid("DetectText", answer)
    lines = {each["Id"]: each for each in answer["TextDetections"] if each["Type"] == "LINE"}
    words = [each for each in answer["TextDetections"] if each["Type"] == "WORD"]
    assert [each["DetectedText"] for each in lines.values()] == ["OPEN DAILY", "9 TO 5"]
    assert [each["DetectedText"] for each in words] == ["OPEN", "DAILY", "9", "TO", "5"]
    for word in words:
        inner, outer = word["Geometry"]["BoundingBox"], lines[word["ParentId"]]["Geometry"]["BoundingBox"]
        assert inner["Left"] >= outer["Left"] - 0.001
        assert inner["Left"] + inner["Width"] <= outer["Left"] + outer["Width"] + 0.001


def test_no_text_where_there_is_none(rekognition: Rekognition) -> None:
    """Patterns aren't read as letters."""
    assert rekognition.detect_text(_object("cat.jpg"))["TextDetections"] == []


def _bomb() -> bytes:
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    return file.getvalue()


def _gif() -> bytes:
    file = io.BytesIO()
    Image.new("L", (50, 50)).save(file, "GIF")
    return file.getvalue()


@pytest.mark.parametrize(
    ("image", "error"),
    [
        pytest.param({"Bytes": b"hello"}, "InvalidImageFormatException", id="text"),
        pytest.param({"Bytes": _gif()}, "InvalidImageFormatException", id="gif"),
        pytest.param({"Bytes": _stored("cat.jpg")[:9000]}, "InvalidImageFormatException", id="truncated"),
        pytest.param({"Bytes": _bomb()}, "ImageTooLargeException", id="bomb"),
        pytest.param({"Bytes": bytes(MAX_BYTES + 1)}, "ImageTooLargeException", id="too many bytes"),
        pytest.param({"Bytes": b""}, "InvalidParameterException", id="no bytes"),
        pytest.param({}, "InvalidParameterException", id="nothing"),
        pytest.param({"S3Object": {"Name": "none.jpg"}}, "InvalidS3ObjectException", id="no such object"),
    ],
)
def test_refusals_have_rekognitions_names(rekognition: Rekognition, image: dict[str, Any], error: str) -> None:
    """Each refusal has the name that the workflow's Retry and Catch know."""
    for detect in (rekognition.detect_labels, rekognition.detect_text, rekognition.recognize_celebrities):
        with pytest.raises(ServiceError) as raised:
            detect({"Image": image})
        assert raised.value.name == f"Rekognition.{error}"


def test_a_damaged_model_in_the_cache_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache is never believed: its file must be as its checksum says."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = efficientnet()
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    assert efficientnet().read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only home is no reason to fail."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert efficientnet().is_relative_to(tmp_path)


def test_who_is_added_is_named_and_who_is_removed_is_not(tmp_path: Path) -> None:
    """A running bot sees at once what another process changes in the gallery."""
    path = tmp_path / "gallery.json"
    running = Rekognition(Gallery(path), _stored)
    assert _names(running.recognize_celebrities(_object("stranger.jpg"))) == []
    Gallery(path).add("Grace Hopper", {"stranger.jpg": _stored("stranger.jpg")})
    assert _names(running.recognize_celebrities(_object("stranger.jpg"))) == ["Grace Hopper"]
    Gallery(path).remove("Grace Hopper")
    assert _names(running.recognize_celebrities(_object("stranger.jpg"))) == []


def test_who_comes_with_twbot_can_be_hidden(tmp_path: Path) -> None:
    """Removing a shipped person lasts, and only for this data folder."""
    path = tmp_path / "gallery.json"
    Gallery(path).remove("Barack Obama")
    hidden = Rekognition(Gallery(path), _stored)
    assert _names(hidden.recognize_celebrities(_object("celebrity.jpg"))) == []
    assert "Barack Obama" in {each.name for each in Gallery(tmp_path / "other.json").people()}


def test_the_gallery_says_where_each_face_came_from(tmp_path: Path) -> None:
    """At least four public figures, each with source and licence, 128 numbers a face."""
    people = Gallery(tmp_path / "gallery.json").people()
    assert len(people) >= 4
    for photo in (photo for person in people for photo in person.photos):
        assert photo.source
        assert photo.licence
        assert len(photo.embedding) == 128


def test_a_photo_must_show_one_face(tmp_path: Path) -> None:
    """No face, two faces or no picture at all: refused, and the gallery stays as it was."""
    gallery = Gallery(tmp_path / "gallery.json")
    before = gallery.people()
    face = _celebrity().crop((200, 50, 520, 450))
    pair = Image.new("RGB", (660, 400), "white")
    pair.paste(face, (0, 0))
    pair.paste(face, (340, 0))
    for content in (_stored("cat.jpg"), b"no picture", _bytes(pair)["Image"]["Bytes"]):
        with pytest.raises(BadPhoto):
            gallery.add("Somebody", {"photo.jpg": content})
    with pytest.raises(NotKnown):
        gallery.remove("Somebody")
    assert gallery.people() == before


def test_a_broken_gallery_is_said_to_be_broken(tmp_path: Path) -> None:
    """Not silently emptied."""
    path = tmp_path / "gallery.json"
    path.write_text("{")
    with pytest.raises(TwbotError, match=str(path)):
        Gallery(path).people()
