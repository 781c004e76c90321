"""On AWS the faces of a picture are searched among the bot's own people, each alone."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.support.face_collection import FaceCollections, picture
from twbot.lambdas.analysis.people import MAX_FACES, Found, name_people
from twbot.lambdas.aws.face_collection import FaceCollection
from twbot.lambdas.aws.face_ids import face_id, parse
from twbot.lambdas.errors import Permanent, Temporary, TwbotError
from twbot.lambdas.folder.people import checked_name

RED, GREEN, BLUE, GREY = (200, 30, 30), (30, 200, 30), (30, 30, 200), (128, 128, 128)


def face(left: float, top: float = 0.3, size: float = 0.2) -> dict[str, Any]:
    return {"BoundingBox": {"Left": left, "Top": top, "Width": size, "Height": size}, "Confidence": 99.0}


def photo(*faces: tuple[dict[str, Any], tuple[int, int, int]], size: tuple[int, int] = (1000, 1000)) -> bytes:
    """A picture with a square of each colour where the face is."""
    image = Image.new("RGB", size, (240, 240, 200))
    for each, colour in faces:
        box = each["BoundingBox"]
        left, top = round(box["Left"] * size[0]), round(box["Top"] * size[1])
        right, bottom = left + round(box["Width"] * size[0]), top + round(box["Height"] * size[1])
        image.paste(colour, (left, top, right, bottom))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.fixture
def rekognition() -> FaceCollections:
    client = FaceCollections("people")
    for name, colour in (("Ada Lovelace", RED), ("김민수", GREEN)):
        client.index_faces(
            CollectionId="people",
            Image={"Bytes": picture(colour)},
            ExternalImageId=str(face_id(name, "0" * 64, "folder")),
            MaxFaces=1,
        )
    return client


def names(found: dict[str, Any]) -> list[str]:
    return [each["Name"] for each in found["CelebrityFaces"]]


def test_each_face_is_searched_alone(rekognition: FaceCollections) -> None:
    """Also the smaller ones; a stranger stays one; shapes are Rekognition's."""
    search = FaceCollection(rekognition, "people").search
    ada, min_su, stranger = face(0.1, size=0.3), face(0.6, size=0.06), face(0.75)
    found = name_people(photo((ada, RED), (min_su, GREEN), (stranger, BLUE)), [], [stranger, min_su, ada], search)
    assert names(found) == ["김민수", "Ada Lovelace"]
    assert found["UnrecognizedFaces"] == [stranger]
    assert found["CelebrityFaces"][1] == {
        "Name": "Ada Lovelace",
        "Id": found["CelebrityFaces"][1]["Id"],
        "Urls": [],
        "MatchConfidence": 99.0,
        "Face": ada,
    }
    assert re.fullmatch("[0-9a-f]{8}", found["CelebrityFaces"][1]["Id"])


def test_a_face_that_both_know_is_one(rekognition: FaceCollections) -> None:
    """It has the name that the bot's folder gives; other celebrities stay, in their order."""
    search = FaceCollection(rekognition, "people").search
    both, famous = face(0.1), face(0.6)
    given = [{"Name": "Somebody Else", "Face": both}, {"Name": "Famous", "Face": famous, "Urls": ["x"]}]
    found = name_people(photo((both, RED), (famous, BLUE)), given, [], search)
    assert names(found) == ["Ada Lovelace", "Famous"]
    assert found["CelebrityFaces"][1] == given[1]
    assert found["UnrecognizedFaces"] == []


def test_a_neighbour_is_not_taken_for_the_face() -> None:
    """Rekognition takes the largest face of what was cut out: where that is another one, nobody is named."""
    small = face(0.1, size=0.1)
    beside = Found("Ada", 99.0, {"Left": 0.8, "Top": 0.1, "Width": 0.2, "Height": 0.4})
    assert name_people(photo((small, RED)), [], [small], lambda _: beside)["UnrecognizedFaces"] == [small]


@pytest.mark.parametrize("at", [-0.1, 0.9])
def test_a_face_at_the_edge_is_searched(at: float, rekognition: FaceCollections) -> None:
    """Rekognition's boxes may reach beyond the picture."""
    cut = face(at, top=at)
    assert names(name_people(photo((cut, RED)), [], [cut], lambda jpeg: Found("A", 99, _whole(jpeg)))) == ["A"]


def _whole(_: bytes) -> dict[str, float]:
    return {"Left": 0.4, "Top": 0.4, "Width": 0.2, "Height": 0.2}


def test_a_crowd_costs_no_more_than_its_largest_faces() -> None:
    """Each search is paid for; what is searched is large enough for Rekognition, and tiny faces are nobody."""
    seen: list[tuple[int, int]] = []

    def search(jpeg: bytes) -> None:
        with Image.open(io.BytesIO(jpeg)) as image:
            seen.append(image.size)

    crowd = [face(number / 50, size=0.03 + number / 1000) for number in range(MAX_FACES + 10)]
    name_people(photo(*((each, RED) for each in crowd)), [], [*crowd, face(0.5, size=0.005)], search)
    assert len(seen) == MAX_FACES
    assert min(min(size) for size in seen) >= 80


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("ThrottlingException", Temporary),
        ("ProvisionedThroughputExceededException", Temporary),
        ("InternalServerError", Temporary),
        ("ResourceNotFoundException", Permanent),
        ("AccessDeniedException", Permanent),
    ],
)
def test_what_may_pass_is_tried_again(error: str, kind: type[TwbotError], monkeypatch: pytest.MonkeyPatch) -> None:
    """The workflow's Retry lists Temporary; whatever else is wrong costs the own people only."""
    client = FaceCollections("people")
    refused = ClientError({"Error": {"Code": error, "Message": ""}}, "SearchFacesByImage")
    monkeypatch.setattr(client, "search_faces_by_image", _raising(refused))
    with pytest.raises(kind):
        FaceCollection(client, "people").search(b"x")
    monkeypatch.setattr(client, "search_faces_by_image", _raising(EndpointConnectionError(endpoint_url="x")))
    with pytest.raises(Temporary):
        FaceCollection(client, "people").search(b"x")


def _raising(error: Exception) -> Any:
    def call(**_: Any) -> None:
        raise error

    return call


def test_no_face_and_no_name_of_ours_is_nobody(rekognition: FaceCollections) -> None:
    """Where Rekognition sees no face in what was cut out; or a face that somebody else put into the collection."""
    collection = FaceCollection(rekognition, "people")
    assert collection.search(picture(GREY)) is None
    rekognition.collections["people"][0]["ExternalImageId"] = "photo-1"
    assert collection.search(picture(RED)) is None


@given(st.text(min_size=1, max_size=60), st.sampled_from(["folder", "added"]))
def test_a_name_survives_its_id(name: str, origin: Any) -> None:
    """Any that a person may have, within Rekognition's characters and length."""
    try:
        name = checked_name(name)
    except TwbotError:
        return
    written = str(face_id(name, "a" * 64, origin))
    assert re.fullmatch(r"[a-zA-Z0-9_.\-:]{1,255}", written)
    assert parse(written) == face_id(name, "a" * 64, origin)


@pytest.mark.parametrize("external", ["", "photo.jpg", "f.QWRh", "x.QWRh.123", "f.!!.1", "f.gICA.1", "f.Q.1"])
def test_a_foreign_id_is_no_name(external: str) -> None:
    """Others may use the collection, too."""
    assert parse(external) is None


def test_the_longest_name_fits() -> None:
    """60 characters of three bytes."""
    assert len(str(face_id("語" * 60, "a" * 64, "folder"))) == 255
