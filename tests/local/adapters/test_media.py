"""The media store in files."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.lambdas.errors import Permanent, Temporary
from twbot.local.adapters.media import FileMedia


def test_what_was_put_can_be_got(tmp_path: Path) -> None:
    """By its key, again and again, the last one put; another key is a KeyError."""
    media = FileMedia(tmp_path / "media")
    media.put("77/a.jpg", b"one", "image/jpeg")
    media.put("77/a.jpg", b"two", "image/jpeg")
    assert media.get("77/a.jpg") == b"two"
    for key in ("77/b.jpg", "77", "77/a.jpg/b", "../x"):
        with pytest.raises(KeyError):
            media.get(key)


def test_no_half_written_file_stays(tmp_path: Path) -> None:
    """Beside the picture there is nothing."""
    FileMedia(tmp_path).put("77/a.jpg", b"one", "image/jpeg")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.jpg"]


@pytest.mark.parametrize(
    "key", ["../a.jpg", "/etc/a", "77/../../a", "", "77//a", "77/.hidden", "a\0b", "a\\b", "x" * 200]
)
def test_no_key_leaves_the_folder(tmp_path: Path, key: str) -> None:
    """Such a key is refused."""
    with pytest.raises(Permanent):
        FileMedia(tmp_path / "media").put(key, b"x", "image/jpeg")
    assert not list(tmp_path.iterdir())


@given(st.text())
def test_any_key_stays_inside(key: str) -> None:
    """Whatever a key says."""
    folder = Path("/nowhere/media")
    try:
        path = FileMedia(folder).path(key)
    except Permanent:
        return
    assert folder in Path(os.path.normpath(path)).parents


def test_old_pictures_go(tmp_path: Path) -> None:
    """After a day, with their folders; younger ones stay."""
    media = FileMedia(tmp_path)
    media.put("1/old.jpg", b"x", "image/jpeg")
    media.put("2/new.jpg", b"x", "image/jpeg")
    long_ago = time.time() - 90_000
    os.utime(media.path("1/old.jpg"), (long_ago, long_ago))
    assert media.prune() == 1
    assert [path.name for path in tmp_path.iterdir()] == ["2"]


def test_a_disk_that_fails_is_temporary(tmp_path: Path) -> None:
    """The workflow tries again."""
    (tmp_path / "77").write_bytes(b"")
    with pytest.raises(Temporary, match=r"77/a\.jpg"):
        FileMedia(tmp_path).put("77/a.jpg", b"x", "image/jpeg")
