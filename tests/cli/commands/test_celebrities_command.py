"""`twbot celebrities`: add, list, remove."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.paths import PICTURES
from twbot.cli.commands.celebrities import add, list_people, remove
from twbot.cli.errors import CliError, Exit


def _listed(data: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, bool]:
    capsys.readouterr()
    list_people(json=True, data=data)
    return {each["name"]: each["shipped"] for each in json.loads(capsys.readouterr().out)}


def test_a_person_can_be_added_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who is added is listed as the user's own, until removed."""
    add(name="Grace Hopper", photos=[PICTURES / "stranger.jpg"], data=tmp_path)
    assert _listed(tmp_path, capsys)["Grace Hopper"] is False
    remove(name="Grace Hopper", data=tmp_path)
    assert "Grace Hopper" not in _listed(tmp_path, capsys)


def test_the_gallery_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table names everybody."""
    list_people(data=tmp_path)
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("Barack Obama", "Eileen Collins", "Joe Biden", "Tom Hanks"))


@pytest.mark.parametrize(
    ("photo", "message"), [("cat.jpg", "no face"), ("LICENSES.md", "not a JPEG"), ("strangr.jpg", "no picture")]
)
def test_a_photo_to_learn_nothing_from(tmp_path: Path, photo: str, message: str) -> None:
    """Exit 4 with what is wrong and what to type next."""
    with pytest.raises(CliError, match=message) as raised:
        add(name="Somebody", photos=[PICTURES / photo], data=tmp_path)
    assert raised.value.code == Exit.NOT_FOUND
    assert raised.value.hint


def test_the_nearest_name_is_suggested(tmp_path: Path) -> None:
    """Removing nobody says who may have been meant."""
    with pytest.raises(CliError) as raised:
        remove(name="obama", data=tmp_path)
    assert raised.value.code == Exit.NOT_FOUND
    assert str(raised.value.hint).startswith('Did you mean: twbot celebrities remove "Barack Obama" --data ')
