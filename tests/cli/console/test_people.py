"""The page of people: the gallery, photos of somebody new, and removing somebody."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.console import Visitor, text_of
from tests.support.paths import PICTURES
from twbot.cli.console.people import initials
from twbot.lambdas.folder.folder import VARIABLE

STRANGER, CAT = (PICTURES / "stranger.jpg").read_bytes(), (PICTURES / "cat.jpg").read_bytes()


def photo(name: str, content: bytes) -> tuple[str, tuple[str, bytes, str]]:
    return "photo", (name, content, "image/jpeg")


def test_somebody_is_added_and_removed(visitor: Visitor) -> None:
    """Each photo that was not taken says why, and what was typed is kept; removing asks first."""
    files = [photo("/home/g/image.jpg", STRANGER), photo("image.jpg", STRANGER), photo("cat.jpg", CAT), photo("x", b"")]
    answer = visitor.post("/people/add", name=" Grace  <b>Hopper</b> ", files=files)
    assert answer.status_code == 400
    says = text_of(answer)
    assert "cat.jpg: There is no face in cat.jpg." in says
    assert "x: x is not a JPEG or PNG picture" in says
    assert "2 photos were added." in says
    assert "<b>Hopper" not in answer.text
    assert 'value="Grace &lt;b&gt;Hopper&lt;/b&gt;"' in answer.text
    assert "Grace <b>Hopper</b> added by you 2 photos image.jpg image-2.jpg" in says
    answer = visitor.get("/people/remove", name="Grace <b>Hopper</b>")
    assert "will not recognise Grace <b>Hopper</b> any more: 2 photos are forgotten" in text_of(answer)
    assert "twbot celebrities remove 'Grace <b>Hopper</b>'" in text_of(answer)
    assert "Grace" in text_of(visitor.get("/people"))
    answer = visitor.post("/people/remove", name="Grace <b>Hopper</b>")
    assert "Grace <b>Hopper</b> is no longer in the gallery." in text_of(answer)
    assert "image-2.jpg" not in text_of(visitor.get("/people"))


@pytest.mark.parametrize(
    ("name", "files", "says"),
    [
        ("", [photo("a.jpg", STRANGER)], "A name has 1 to 60 characters."),
        ("\u202e", [photo("a.jpg", STRANGER)], "A name has 1 to 60 characters."),
        ("a" * 61, [photo("a.jpg", STRANGER)], "A name has 1 to 60 characters."),
        ("Ada", [], "There is no photo"),
        ("Ada", [("photo", ("", b"", "image/jpeg"))], "There is no photo"),
        ("Ada", [photo("big.jpg", bytes(20_000_001))], "big.jpg: It has more than 20 MB."),
    ],
)
def test_what_is_nobody(visitor: Visitor, name: str, files: Any, says: str) -> None:
    """It is said beside the form, which still has the name, and nobody is added."""
    before = text_of(visitor.get("/people")).count("photo")
    answer = visitor.post("/people/add", name=name, files=files or {"other": b""})
    assert answer.status_code == 400
    assert says in text_of(answer)
    if name == "Ada":
        assert 'value="Ada"' in answer.text
    assert text_of(visitor.get("/people")).count("photo") == before


def test_who_comes_with_twbot_or_the_folder_is_marked(
    tmp_path: Path, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder's have their photos, which no other address leads to, and are not removed here."""
    folder = tmp_path / "bot" / "people" / "Ada & Co"
    folder.mkdir(parents=True)
    shutil.copy(PICTURES / "stranger.jpg", folder / "a b.jpg")
    (folder / "evil.png").write_text("<svg onload=alert(1)>")
    (tmp_path / "bot" / "secret.jpg").write_bytes(STRANGER)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert visitor.get("/people/photo", source="bot/people/Ada & Co/evil.png").status_code == 404
    (folder / "evil.png").unlink()
    page = visitor.get("/people")
    says = text_of(page)
    assert "Tom Hanks comes with twbot" in says
    assert "Ada & Co bot/people" in says
    assert "Take the folder bot/people/Ada & Co away to make the bot forget." in says
    assert 'href="/people/remove?name=Ada%20%26%20Co' not in page.text
    assert 'href="/people/remove?name=Tom%20Hanks' in page.text
    assert "source=bot%2Fpeople%2FAda+%26+Co%2Fa+b.jpg" in page.text
    shown = visitor.get("/people/photo", source="bot/people/Ada & Co/a b.jpg")
    assert (shown.status_code, shown.headers["content-type"], shown.content) == (200, "image/jpeg", STRANGER)
    for source in ("bot/secret.jpg", "bot/people/Ada & Co/../../secret.jpg", str(folder / "a b.jpg"), ""):
        assert visitor.get("/people/photo", source=source).status_code == 404
    answer = visitor.post("/people/remove", name="Ada & Co")
    assert "Ada & Co is in the bot's folder." in text_of(answer)


def test_nobody_is_removed_by_a_wrong_name(visitor: Visitor) -> None:
    answer = visitor.get("/people/remove", name="<i>Nobody</i>")
    assert answer.status_code == 404
    assert "<i>" not in answer.text


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ada Lovelace", "AL"), ("Plato", "P"), ("", "?"), ("Ängström von Ö", "ÄÖ"), ("李 白", "李白")],
)
def test_who_has_no_photo_at_hand_has_letters(name: str, letters: str) -> None:
    assert initials(name) == letters
