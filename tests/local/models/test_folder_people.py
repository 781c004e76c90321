"""The people of the bot's folder are in the gallery of `local`."""

from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path

import pytest

from tests.support.paths import PICTURES
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.people import NotKnown, has_people, photos_of_people
from twbot.local.models import folder_people
from twbot.local.models.folder_people import CACHE, photos_by_name
from twbot.local.models.gallery import Gallery, only_face
from twbot.local.models.rekognition import Rekognition

NAMES = ("Ada Lovelace", "김민수", "Łukasz Ó Briain", "محمد علي", "O'Neil-Smith")


def put(project: Path, name: str, photo: str = "stranger.jpg", as_file: str = "1.jpg") -> Path:
    """A photo of the person in the folder of the bot."""
    path = project / "bot" / "people" / name / as_file
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(PICTURES / photo, path)
    return path


def recognised(gallery: Gallery) -> list[str]:
    answer = Rekognition(gallery, lambda _: (PICTURES / "stranger.jpg").read_bytes()).recognize_celebrities(
        {"Image": {"S3Object": {"Name": "k"}}}
    )
    return [each["Name"] for each in answer["CelebrityFaces"]]


def gallery(project: Path) -> Gallery:
    return Gallery(project / "gallery.json", photos_by_name(project, project / CACHE))


@pytest.mark.parametrize("name", NAMES)
def test_a_person_of_the_folder_is_recognised(tmp_path: Path, name: str) -> None:
    """By the folder's name, in any script; and is nobody any more once the folder is gone."""
    put(tmp_path, name)
    assert recognised(gallery(tmp_path)) == [name]
    shutil.rmtree(tmp_path / "bot" / "people" / name)
    assert recognised(gallery(tmp_path)) == []
    assert "embeddings" in (tmp_path / CACHE).read_text()
    assert len((tmp_path / CACHE).read_text()) < 200  # nothing of the face is kept


def test_a_name_is_composed(tmp_path: Path) -> None:
    """macOS hands out names decomposed; they are shown and compared as people type them."""
    put(tmp_path, unicodedata.normalize("NFD", "José Núñez"))
    assert [each.name for each in photos_of_people(tmp_path)] == ["José Núñez"]


def test_a_photo_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also under another name; and again where the file of what was found is damaged."""
    put(tmp_path, "Ada")
    found = photos_by_name(tmp_path, tmp_path / CACHE)
    looked: list[str] = []

    def look(source: str, content: bytes) -> list[float]:
        looked.append(source)
        return only_face(source, content)

    monkeypatch.setattr(folder_people, "only_face", look)
    (tmp_path / "bot" / "people" / "Ada").rename(tmp_path / "bot" / "people" / "Grace")
    (again,) = photos_by_name(tmp_path, tmp_path / CACHE)["Grace"]
    assert (again.embedding, looked) == (found["Ada"][0].embedding, [])
    (tmp_path / CACHE).write_bytes(b"\xff")
    assert photos_by_name(tmp_path, tmp_path / CACHE)["Grace"] == [again]
    assert len(looked) == 1


@pytest.mark.parametrize(
    ("name", "photo", "message"),
    [
        ("Ada", "cat.jpg", r"no face in .*Ada/1\.jpg"),
        ("Ada", "LICENSES.md", r"Ada/1\.jpg is not a JPEG"),
        ("a" * 61, "stranger.jpg", "60 characters"),
        ("语" * 61, "stranger.jpg", "60 characters"),
        ("𐌰" * 50, "stranger.jpg", "180 bytes"),
        ("", "stranger.jpg", "is nobody's"),
    ],
)
def test_what_is_wrong_names_the_file(tmp_path: Path, name: str, photo: str, message: str) -> None:
    """With what to do next."""
    put(tmp_path, name, photo)
    with pytest.raises(TwbotError, match=message):
        photos_by_name(tmp_path, tmp_path / CACHE)


def test_a_person_without_a_photo_is_named(tmp_path: Path) -> None:
    """A photo in a format that is not read would be missed in silence."""
    put(tmp_path, "Ada", as_file="ada.heic")
    assert has_people(tmp_path)
    with pytest.raises(TwbotError, match="has no photo of Ada") as raised:
        photos_of_people(tmp_path)
    assert "JPEG or PNG" in str(raised.value.hint)


def test_other_files_are_no_photos(tmp_path: Path) -> None:
    """Those of the system, and a licence beside a photo."""
    put(tmp_path, "Ada", as_file="photo.JPEG")
    for name in (".DS_Store", "Ada/LICENSE.txt", "Ada/._photo.jpg", "README.md"):
        (tmp_path / "bot" / "people" / name).write_text("x")
    assert [(each.name, each.path.name) for each in photos_of_people(tmp_path)] == [("Ada", "photo.JPEG")]


def test_a_person_of_the_folder_stays_until_the_folder_goes(tmp_path: Path) -> None:
    """To remove them from the gallery would last until the next start."""
    put(tmp_path, "Ada")
    with pytest.raises(TwbotError, match="folder") as raised:
        gallery(tmp_path).remove("Ada")
    assert not isinstance(raised.value, NotKnown)
    assert "bot/people/Ada" in str(raised.value.hint)


def test_a_bot_without_people_keeps_no_file(tmp_path: Path) -> None:
    """Most have none."""
    assert photos_by_name(tmp_path, tmp_path / CACHE) == {}
    assert not (tmp_path / CACHE).exists()
    assert not has_people(tmp_path)
