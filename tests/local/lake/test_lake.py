"""The lake: whole files, the table's types, Athena's SQL, and nothing but the table to be had."""

from __future__ import annotations

import datetime
import gzip
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.lake_events import NOON, analysed, event, image
from twbot.lambdas.analytics.results import BadSql
from twbot.lambdas.analytics.saved_queries import saved_queries
from twbot.lambdas.errors import Temporary
from twbot.local.lake.lake import Lake

CELEBRITIES = """SELECT time, detail.author, celebrityfaces.name FROM "analysed-messages-table"
CROSS JOIN UNNEST(detail.analysis.images) as t(images)
CROSS JOIN UNNEST(images.analysis.celebrityfaces) as t(celebrityfaces)
WHERE "detail-type" = 'MESSAGE_ANALYSED' ORDER BY time DESC;"""
LABELS = """SELECT time, detail.author, detail.text, labels.name FROM "analysed-messages-table"
CROSS JOIN UNNEST(detail.analysis.images) as t(images)
CROSS JOIN UNNEST(images.analysis.labels) as t(labels)
WHERE "detail-type" = 'MESSAGE_ANALYSED' ORDER BY time DESC;"""
POSITIVE = """SELECT time, detail.author, detail.analysis.textsentiment, detail.text FROM "analysed-messages-table"
CROSS JOIN UNNEST(detail.analysis.images) as t(images)
WHERE "detail-type" = 'MESSAGE_ANALYSED' AND detail.analysis.textsentiment='POSITIVE' ORDER BY time DESC;"""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


@pytest.mark.parametrize(("name", "sql"), [("celebrities", CELEBRITIES), ("labels", LABELS), ("positive", POSITIVE)])
def test_the_sources_queries_are_saved_unchanged(name: str, sql: str) -> None:
    """Somebody who pastes them from the source design runs the same."""
    assert saved_queries()[name].sql == sql


@pytest.mark.parametrize("name", sorted(saved_queries()))
@pytest.mark.parametrize("images", [None, []])
def test_every_saved_query_runs_on_any_lake(lake: Lake, name: str, images: list[Any] | None) -> None:
    """An empty one, and one where no message has a picture."""
    saved = saved_queries()[name]
    defaults = [parameter.default for parameter in saved.parameters]
    assert lake.query(saved.sql, defaults).rows == []
    lake.append([analysed("ann", images), event("TWEET_SENT", {"TweetId": "5", "ReplyToTweetId": "ann"})])
    assert lake.query(saved.sql, defaults).columns


def test_the_sources_queries_find_what_is_there(lake: Lake) -> None:
    """Several pictures, several people in one, and pictures that could not be read."""
    unusable: dict[str, Any] = {"Key": None, "Problem": "It is empty.", "Analysis": {}}
    lake.append(
        [analysed("ann", [image("Ada", "Bob", labels=("Person",)), unusable, image("Cy")]), analysed("ben", [])]
    )
    assert sorted(row[2] for row in lake.query(CELEBRITIES).rows) == ["Ada", "Bob", "Cy"]
    assert [row[1:] for row in lake.query(LABELS).rows] == [["ann", "by ann", "Person"]]
    assert len(lake.query(POSITIVE).rows) == 3


def test_an_event_that_was_written_twice_counts_once(lake: Lake) -> None:
    """The bus delivers at least once; the lake shows once."""
    twice = analysed("ann")
    lake.append([twice])
    lake.append([twice, analysed("ben")])
    assert lake.query('SELECT count(*) FROM "analysed-messages-table"').rows == [[2]]


def test_what_a_crash_left_does_not_matter(lake: Lake, tmp_path: Path) -> None:
    """Neither an unfinished file nor a broken line."""
    lake.append([analysed("ann")])
    folder = tmp_path / "2026/11/23/12"
    (folder / "x.jsonl.gz.unfinished").write_bytes(b"half a fi")
    (folder / "broken.jsonl.gz").write_bytes(gzip.compress(b'{"id": "1", "det\n\n[]\n7\n'))
    assert lake.query('SELECT count(*) FROM "analysed-messages-table"').rows == [[1]]
    lake.append([analysed("ben")])
    assert not list(folder.glob("*.unfinished"))


def test_a_damaged_file_does_not_hide_the_others(lake: Lake, tmp_path: Path) -> None:
    """It is left out, and the answer names it."""
    lake.append([analysed("ann")])
    damaged = tmp_path / "2026/11/23/12/0.jsonl.gz"
    damaged.write_bytes(gzip.compress(b'{"id": "1"}\n' * 1000)[:-30])
    answer = lake.query('SELECT detail.author FROM "analysed-messages-table"')
    assert answer.rows == [["ann"]]
    assert answer.damaged == [str(damaged)]


def test_a_query_does_not_mind_a_compaction(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may join files between finding and reading them."""
    for author in "abc":
        lake.append([analysed(author)])
    gone = [path.with_name("gone.jsonl.gz") for path in lake._files()]
    found = iter([gone, lake._files()])
    monkeypatch.setattr(lake, "_files", lambda: next(found))
    assert lake.query('SELECT count(*) FROM "analysed-messages-table"').rows == [[3]]


def test_fields_of_other_types_are_null(lake: Lake) -> None:
    """What X sends may use our names for something else."""
    lake.append([event("TWITTER_OTHER", {"Text": {"a": 1}, "Analysis": 5, "Author": ["x"]}), analysed("ann")])
    rows = lake.query('SELECT detail.analysis.textsentiment FROM "analysed-messages-table" ORDER BY 1').rows
    assert sorted(rows, key=str) == [["POSITIVE"], [None]]


def test_files_lie_by_the_hour_of_their_events(lake: Lake, tmp_path: Path) -> None:
    """UTC, as Firehose names the folders and the partition projection reads them."""
    late = datetime.datetime(2026, 1, 2, 1, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=3)))
    lake.append([event("TWEET_SENT", {}, late), event("TWEET_SENT", {})])
    assert {path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.gz")} == {
        "2026/01/01/22",
        "2026/11/23/12",
    }
    assert lake.query('SELECT DISTINCT datehour FROM "analysed-messages-table" ORDER BY 1').rows == [
        ["2026/01/01/22"],
        ["2026/11/23/12"],
    ]


def test_hours_that_are_over_become_one_file(lake: Lake, tmp_path: Path) -> None:
    """So that a year of lake is not a million files; nothing is lost or doubled, and this hour is left alone."""
    for author in "abc":
        lake.append([analysed(author)])
    assert lake.compact(NOON) == 0
    assert lake.compact(NOON + datetime.timedelta(hours=1)) == 3
    assert len(list(tmp_path.rglob("*.gz"))) == 1
    assert lake.query('SELECT count(*) FROM "analysed-messages-table"').rows == [[3]]


@settings(max_examples=20)
@given(texts=st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_text_comes_back_as_it_went_in(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """Whatever people write."""
    clean = [text.encode("utf-8", "ignore").decode() for text in texts]
    lake = Lake(tmp_path_factory.mktemp("lake"))
    lake.append([event("MESSAGE_RECEIVED", {"Text": text}) for text in clean])
    found = [row[0] for row in lake.query('SELECT detail.text FROM "analysed-messages-table"').rows]
    assert sorted(found) == sorted(clean)


@pytest.mark.parametrize("value", ["ann' OR '1'='1", "ann'; DROP TABLE x; --", '"', "?", "ann"])
def test_parameters_are_bound(lake: Lake, value: str) -> None:
    """They are never read as SQL."""
    lake.append([analysed("ann"), analysed("ben")])
    rows = lake.query('SELECT detail.author FROM "analysed-messages-table" WHERE detail.author = ?', [value]).rows
    assert rows == ([["ann"]] if value == "ann" else [])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT * FROM glob('/*')",
        "COPY (SELECT 1) TO '{file}'",
        "ATTACH '{file}'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        'DROP TABLE "analysed-messages-table"',
        "SELECT 1; SELECT 2",
        "SELECT nothing FROM nowhere",
        "SELEC 1",
        "",
        "SELECT (((",
    ],
)
def test_sql_reaches_nothing_but_the_table(lake: Lake, tmp_path: Path, sql: str) -> None:
    """No file, no network, no second statement; one line says why."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    with pytest.raises(BadSql) as error:
        lake.query(sql.replace("{file}", str(secret)))
    assert "\n" not in str(error.value)
    assert secret.read_text() == "a,b\n1,2\n"


def test_a_lake_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """The bus keeps the events and tries again."""
    (tmp_path / "lake").write_text("a file where the folder should be")
    with pytest.raises(Temporary, match="Cannot write to the lake"):
        Lake(tmp_path / "lake").append([analysed("ann")])


def test_compacting_meanwhile_keeps_nothing_back(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A post is forgotten whole, though the files of its hour are joined while it is."""
    for _ in range(3):
        lake.append([event("TWEET_SENT", {"TweetId": "8", "ReplyToTweetId": "7"})])
    forget, joining = lake._forget, threading.Thread(target=lake.compact, args=(NOON + datetime.timedelta(days=1),))

    def and_compact(*arguments: Any) -> Any:
        if joining.ident is None:
            joining.start()
            joining.join(0.1)  # long enough to join the files, were it let
        return forget(*arguments)

    monkeypatch.setattr(lake, "_forget", and_compact)
    assert lake.forget("7").events == 3
    joining.join()
    assert lake.query('SELECT count(*) FROM "analysed-messages-table"').rows == [[0]]
