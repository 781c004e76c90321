"""Which faces are found, however they are turned, and that nobody is named who may be somebody else."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support.paths import PICTURES
from twbot.lambdas.folder.people import BadPhoto
from twbot.local.models import faces
from twbot.local.models.alignment import similarity, warp
from twbot.local.models.centerface import Candidate
from twbot.local.models.faces import find_faces
from twbot.local.models.gallery import MAX_DISTANCE, Gallery

# What a version with dlib wrote for stranger.jpg.
FORMER_GALLERY = Path(__file__).parent / "gallery_of_dlib.json"


def _picture(name: str) -> Image.Image:
    return Image.open(PICTURES / name).convert("RGB")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return Gallery(tmp_path_factory.mktemp("gallery") / "gallery.json")


@pytest.mark.parametrize(
    ("name", "person", "degrees"),
    [*(("celebrity.jpg", "Barack Obama", degrees) for degrees in (45, 90, 180, 270)), ("stranger.jpg", None, 90)],
)
def test_a_turned_face_is_found_and_named_as_upright(
    gallery: Gallery, name: str, person: str | None, degrees: int
) -> None:
    """One face in its place, with the same name or none, and points that turn with it."""
    upright = _picture(name)
    (before,) = find_faces(upright)
    (after,) = find_faces(upright.rotate(degrees, expand=True))
    match = gallery.match(after.embedding)
    assert (match[0].name if match else None) == person
    assert np.linalg.norm(after.embedding - before.embedding) < 0.2  # type: ignore[operator]
    eyes = {place: np.array(after.landmarks[place]) for place in ("eyeLeft", "eyeRight")}
    across, down = (eyes["eyeRight"] - eyes["eyeLeft"]) * upright.rotate(degrees, expand=True).size
    assert np.degrees(np.arctan2(-down, across)) == pytest.approx((degrees + 180) % 360 - 180, abs=12) or degrees == 180


def test_two_faces_each_turned_its_own_way(gallery: Gallery) -> None:
    """Each is put upright by itself."""
    pair = Image.new("RGB", (1200, 600), "white")
    pair.paste(_picture("celebrity.jpg").resize((480, 600)).rotate(90, expand=True).resize((600, 480)), (0, 60))
    pair.paste(_picture("stranger.jpg").resize((400, 500)).rotate(180), (700, 50))
    found = sorted(find_faces(pair), key=lambda face: face.box.left)
    matches = [gallery.match(face.embedding) for face in found]
    assert [match[0].name if match else None for match in matches] == ["Barack Obama", None]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_candidate_is_turned_back_to_its_place(turns: int) -> None:
    """Box and points of the turned picture become those of the picture."""
    image = Image.new("L", (50, 30))
    image.putpixel((40, 7), 255)
    turned = np.asarray(image.transpose(faces.TRANSPOSE[turns]))
    y, x = np.argwhere(turned == 255)[0].tolist()
    candidate = Candidate(1.0, x, y, x + 1, y + 1, np.array([[x + 0.5, y + 0.5]]))
    back = faces._turned_back(candidate, turns, image)
    assert back[1:5] == (40, 7, 41, 8)
    assert back.points.tolist() == [[40.5, 7.5]]


def test_the_others_of_a_turned_photo_are_looked_for_that_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """One face of three is seen on the photo as it is: it says how to turn it."""
    row = Image.new("RGB", (1000, 400), "grey")
    for place in range(3):
        portrait = _picture(("stranger.jpg", "celebrity.jpg")[place % 2])
        row.paste(portrait.resize((240, 300)), (40 + 320 * place, 50))
    expected = sorted(1 - face.box.left - face.box.width for face in find_faces(row))
    turned, seen = row.transpose(Image.Transpose.ROTATE_180), faces._seen
    monkeypatch.setattr(faces, "_seen", lambda image: seen(image)[:1] if image is turned else seen(image))
    assert sorted(face.box.left for face in find_faces(turned)) == pytest.approx(expected, abs=0.02)


def test_a_face_of_forty_pixels_on_a_large_photo_is_found() -> None:
    """People at a distance count, too."""
    portrait = _picture("stranger.jpg")
    (face,) = find_faces(portrait)
    scale = 40 / (face.box.height * portrait.height)
    photo = Image.new("RGB", (1600, 1100), (90, 110, 100))
    photo.paste(portrait.resize((round(portrait.width * scale), round(portrait.height * scale))), (700, 400))
    (found,) = find_faces(photo)
    assert found.box.height * photo.height == pytest.approx(40, rel=0.3)


def test_a_face_from_the_side_is_found_and_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers of two strangers' profiles are alike: they are neither compared nor kept."""
    monkeypatch.setattr(faces, "MAX_ASIDE", 0.0)
    gallery = Gallery(tmp_path / "gallery.json")
    (face,) = find_faces(_picture("celebrity.jpg"))
    assert face.embedding is None
    assert gallery.match(face.embedding) is None
    with pytest.raises(BadPhoto, match="from the side"):
        gallery.add("Somebody", {"photo.jpg": (PICTURES / "celebrity.jpg").read_bytes()})


def test_a_gallery_made_with_dlib_keeps_its_names(tmp_path: Path) -> None:
    """The network is dlib's, so nobody has to add their people again."""
    shutil.copy(FORMER_GALLERY, tmp_path / "gallery.json")
    (face,) = find_faces(_picture("stranger.jpg"))
    match = Gallery(tmp_path / "gallery.json").match(face.embedding)
    assert match is not None
    assert match[0].name == "Grace Hopper"
    assert match[1] < MAX_DISTANCE / 3


@pytest.mark.parametrize("scale", [0.1, 0.4, 1.0, 3.0])
@pytest.mark.parametrize("degrees", [0, 33, 90, 180])
def test_warping_brings_each_point_to_its_place(degrees: float, scale: float) -> None:
    """Whatever the turn and the scale: within a pixel of the result."""
    image = Image.new("RGB", (400, 300))
    turn = np.radians(degrees)
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = np.array([[195.0, 146.0], [208.0, 146.0], [200.0, 154.0]])
    to = similarity(points, (points - points.mean(axis=0)) @ matrix.T + 50)
    radius = max(3, 3 / scale)
    x, y = points[2]
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill="white")
    seen = np.asarray(warp(image, to, 100).convert("L"), dtype=float)
    rows, columns = np.indices(seen.shape)
    place = np.array([(seen * columns).sum(), (seen * rows).sum()]) / seen.sum()
    assert place == pytest.approx(to.apply(points[2:])[0], abs=1)


def test_a_face_at_the_edge_breaks_nothing() -> None:
    """Half a face, or one whose surroundings lie outside the picture."""
    portrait = _picture("celebrity.jpg")
    (face,) = find_faces(portrait)
    right = round((face.box.left + face.box.width * 0.7) * portrait.width)
    for piece in (portrait.crop((0, 0, right, portrait.height)), portrait.crop((right - 60, 0, right, 60))):
        for found in find_faces(piece):
            assert all(type(side) is float for side in found.box)
            assert 0 <= found.box.left <= found.box.left + found.box.width <= 1
