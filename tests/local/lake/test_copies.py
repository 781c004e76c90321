"""The columnar copies of past days: a query answers as without them, and nothing outlives its erasure in one."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec
import pytest

from tests.support.lake_events import NOON, analysed
from twbot.lambdas.contracts import Event
from twbot.lambdas.x.post_ids import first_id
from twbot.local.lake import copies
from twbot.local.lake.lake import Lake

ASK = 'SELECT id, "detail-type", time, detail.author, detail FROM "analysed-messages-table" ORDER BY id'
DAY = datetime.timedelta(days=1)
YESTERDAY = datetime.datetime.now(datetime.UTC) - DAY


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies are made of little."""
    monkeypatch.setattr(copies, "ENOUGH", 1)


def id_at(moment: datetime.datetime) -> str:
    return str(first_id(int(moment.timestamp() * 1000)))


def at(moment: datetime.datetime, author: str, post: str | None = None) -> Event:
    event = msgspec.structs.replace(
        analysed(author), time=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
    if post is not None:
        event.detail["Twitter"]["TweetId"] = post
    return event


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Three past days with events, and today."""
    lake = Lake(tmp_path)
    for days in (3, 2, 1):
        lake.append([at(YESTERDAY - days * DAY + datetime.timedelta(minutes=n), f"a{days}{n}") for n in range(3)])
    lake.append([at(datetime.datetime.now(datetime.UTC), "today")])
    return lake


def copied(lake_folder: Path) -> list[str]:
    return sorted(path.name[:10] for path in (lake_folder / copies.FOLDER).glob("*"))


def test_a_query_answers_as_without_copies(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows, columns and types, from the files, beside new copies, and from the copies."""
    with monkeypatch.context() as patch:
        patch.setattr(copies, "ENOUGH", 1 << 40)
        without = lake.query(ASK)
    assert not copied(tmp_path)
    assert len(without.rows) == 10
    for _ in range(2):
        assert lake.query(ASK) == without
        assert len(copied(tmp_path)) == 3


def test_what_comes_late_is_found_once(lake: Lake, tmp_path: Path) -> None:
    """An event of a day that has a copy, and one that was there before."""
    before = lake.query(ASK).rows
    late = at(YESTERDAY - DAY, "late")
    lake.append([late])
    lake.append([late])
    for _ in range(2):
        assert len(lake.query(ASK).rows) == len(before) + 1
    assert len(copied(tmp_path)) == 3


def test_compaction_changes_no_answer(lake: Lake, tmp_path: Path) -> None:
    """Joined files are others than those of the copy."""
    lake.append([at(YESTERDAY - DAY, "late")])
    before = lake.query(ASK).rows
    assert lake.compact()
    assert lake.query(ASK).rows == before
    assert len(copied(tmp_path)) == 3


def test_a_damaged_file_makes_no_copy(lake: Lake, tmp_path: Path) -> None:
    """It is named by each query, as without copies."""
    file = sorted(tmp_path.glob("2*/**/*.gz"))[0]
    file.write_bytes(file.read_bytes()[:-9])
    for _ in range(2):
        assert str(file) in " ".join(lake.query(ASK).damaged)
    assert not copied(tmp_path)


def test_an_erased_post_is_in_no_copy(lake: Lake, tmp_path: Path) -> None:
    """Its day's copy goes with it; the others stay."""
    post = id_at(YESTERDAY - 2 * DAY)
    lake.append([at(YESTERDAY - 2 * DAY, "gone", post)])
    lake.query(ASK)
    days = copied(tmp_path)
    assert lake.forget(post).events == 1
    assert copied(tmp_path) == [day for day in days if day != (YESTERDAY - 2 * DAY).strftime("%Y-%m-%d")]
    assert "gone" not in {row[3] for row in lake.query(ASK).rows}


def test_a_post_that_is_erased_while_a_copy_is_made_is_in_none(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The query read it before, and writes its copy after."""
    post, rename = id_at(YESTERDAY - 2 * DAY), Path.rename
    lake.append([at(YESTERDAY - 2 * DAY, "gone", post)])

    def erase_first(path: Path, target: Path) -> Path:
        if target.suffix == ".parquet":
            Lake(tmp_path).forget(post)
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", erase_first)
        lake.query(ASK)
    assert (YESTERDAY - 2 * DAY).strftime("%Y-%m-%d") not in copied(tmp_path)


def test_copies_of_days_that_are_deleted_go_with_them(lake: Lake, tmp_path: Path) -> None:
    """`lake_days` holds for them, too."""
    lake.query(ASK)
    lake.prune(YESTERDAY - DAY)
    assert len(copied(tmp_path)) < 3
    assert lake.query(ASK).rows
    lake.prune(NOON + 1000 * DAY)
    assert not copied(tmp_path)


def test_a_folder_that_is_only_read_is_queried(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that can't be written changes no answer."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert len(lake.query(ASK).rows) == 10
