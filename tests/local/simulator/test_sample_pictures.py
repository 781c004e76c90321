"""The pictures that come with twbot, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from twbot.lambdas.errors import ErrorKind, TwbotError
from twbot.local.simulator.sample_pictures import FOLDER, is_sample, picture_at, sample_pictures


def test_each_has_a_name_a_licence_and_is_a_picture() -> None:
    """LICENSES.md says where each is from."""
    licences = (FOLDER / "LICENSES.md").read_text()
    assert set(sample_pictures()) >= {"sample:cat", "sample:coffee", "sample:sign", "sample:celebrity"}
    for name, path in sample_pictures().items():
        assert is_sample(name)
        assert picture_at(name) == path
        assert path.read_bytes()[:2] in (b"\xff\xd8", b"\x89P")
        assert f"| {path.name} |" in licences


def test_another_text_is_a_path(tmp_path: Path) -> None:
    """From the folder that is given; a sentence that begins like a name is no picture's."""
    assert picture_at("a/b.jpg", tmp_path) == tmp_path / "a" / "b.jpg"
    assert picture_at("./sample:coffee") == Path("sample:coffee")
    assert not is_sample("sample: this is a text")


def test_a_name_that_is_none_is_said_with_those_there_are() -> None:
    """And the nearest."""
    with pytest.raises(TwbotError, match=r"sample:cofee: there are sample:cat, .*sample:sign") as error:
        picture_at("sample:cofee")
    assert (error.value.hint, error.value.kind) == ("Did you mean: sample:coffee", ErrorKind.NOT_FOUND)
