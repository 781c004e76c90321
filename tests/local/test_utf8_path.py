"""A folder whose name is no text is named in UTF-8, so that the lake works in it."""

from __future__ import annotations

import datetime
import os
import sys
from pathlib import Path

import pytest

from twbot.lambdas.contracts import Entry, new_event
from twbot.local.lake.lake import Lake
from twbot.local.utf8_path import utf8_path

ODD = os.fsdecode(b"b\xff \x1b'\n")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")


def test_leads_to_the_same_place(tmp_path: Path) -> None:
    """Also where the last part of it is not there yet."""
    odd = tmp_path / ODD
    odd.mkdir()
    plain = utf8_path(odd / "lake" / "new")
    str(plain).encode()
    plain.mkdir(parents=True)
    assert (odd / "lake" / "new").is_dir()


@pytest.mark.parametrize("name", ["data", "ü [b]*?'", "none/at/all"])
def test_a_path_of_text_stays(tmp_path: Path, name: str) -> None:
    """Whatever else is in it."""
    assert utf8_path(tmp_path / name) == tmp_path / name
    assert utf8_path(Path(name)) == Path(name)


def test_what_is_not_there_stays(tmp_path: Path) -> None:
    """There is no folder to name."""
    assert utf8_path(tmp_path / ODD / "lake") == tmp_path / ODD / "lake"


def test_a_lake_in_such_a_folder(tmp_path: Path) -> None:
    """Is written, joined, read and exported."""
    (tmp_path / ODD).mkdir()
    lake = Lake(tmp_path / ODD / "lake")
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=3)
    for _ in range(2):
        lake.append([new_event(Entry(source="BOT", detail_type="TWEET_FAILED", detail={"Reason": "x"}), then)])
    lake.compact()
    found = lake.query('SELECT "detail-type" FROM "analysed-messages-table"')
    assert (found.rows, found.damaged) == ([["TWEET_FAILED"], ["TWEET_FAILED"]], [])
