"""The lake: whole files, the table's types, Athena's SQL, and nothing but the table to be had."""

from __future__ import annotations

import contextlib
import datetime
import errno
import gzip
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.lake_events import NOON, analysed, event, image
from twbot.lambdas.analytics.results import BadSql, TooSlow
from twbot.lambdas.analytics.saved_queries import saved_queries
from twbot.lambdas.errors import Temporary
from twbot.local.database import Moved, StorageError
from twbot.local.lake.damage import DamageSearch
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


HOUR = "2026/11/23/12"
LATER = NOON + datetime.timedelta(hours=1)


def part(number: int, events: int = 50) -> bytes:
    """A file of the lake with so many events; texts that do not compress, so that a cut loses some."""
    lines = [json.dumps(line) for line in lines_of(number, events)]
    return gzip.compress("".join(f"{line}\n" for line in lines).encode())


def lines_of(number: int, events: int = 50) -> Iterator[dict[str, Any]]:
    for each in range(events):
        text = hashlib.sha256(f"{number}-{each}".encode()).hexdigest()
        yield {"id": f"{number}-{each}", "detail-type": "MESSAGE_RECEIVED", "time": "2026-11-23T12:00:00Z"} | {
            "detail": {"Text": text, "Author": "ann"}
        }


# What may have become of a file: a disk fault, half a copy, a restored backup, an editor.
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut in the middle": lambda content: content[: len(content) // 2],
    "cut in its header": lambda content: content[:7],
    "without its checksum": lambda content: content[:-8],
    "without its last byte": lambda content: content[:-1],
    "emptied": lambda content: b"",
    "zeros": lambda content: bytes(len(content)),
    "a bit flipped": lambda content: content[:600] + bytes([content[600] ^ 1]) + content[601:],
    "not compressed": gzip.decompress,
    "something behind it": lambda content: content + b"rubbish",
    "zeros behind it": lambda content: content + bytes(512),
    "half a file behind it": lambda content: content + content[: len(content) // 2],
}


@settings(max_examples=15, deadline=None)
@given(damage=st.lists(st.sampled_from([None, None, *DAMAGE]), min_size=1, max_size=5), seed=st.integers(0, 9))
def test_compaction_makes_no_line_unreadable(
    tmp_path_factory: pytest.TempPathFactory, damage: list[str | None], seed: int
) -> None:
    """Whatever became of a file: its bytes stay as they are, and the lines of all others are read as before."""
    folder = tmp_path_factory.mktemp("lake")
    (folder / HOUR).mkdir(parents=True)
    contents = {folder / HOUR / f"{n}.jsonl.gz": (part(n + seed * 10), kind) for n, kind in enumerate(damage)}
    for path, (content, kind) in contents.items():
        path.write_bytes(DAMAGE[kind](content) if kind else content)
    lake, everything = Lake(folder), 'SELECT id, detail.text FROM "analysed-messages-table" ORDER BY id'
    before = lake.query(everything)
    for _ in range(2):
        lake.compact(LATER)
        after = lake.query(everything)
        assert after.rows == before.rows
        assert after.damaged == before.damaged
    damaged = [path for path, (_, kind) in contents.items() if kind]
    for path in damaged:
        content, kind = contents[path]
        assert path.read_bytes() == DAMAGE[str(kind)](content)
    assert DamageSearch(folder).find(60) == damaged
    whole = len(contents) - len(damaged)
    assert len(list(folder.rglob("*.gz"))) == len(damaged) + min(whole, 1)


def test_what_compaction_leaves_alone_is_said_once(
    lake: Lake, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With its name, and why; not each hour again."""
    (tmp_path / HOUR).mkdir(parents=True)
    for number in range(3):
        (tmp_path / HOUR / f"{number}.jsonl.gz").write_bytes(part(number)[: None if number else 700])
    with caplog.at_level("ERROR"):
        lake.compact(LATER)
        lake.compact(LATER)
    (record,) = [each for each in caplog.records if "damaged" in each.message]
    assert record.message.endswith("0.jsonl.gz: it is cut off")


def test_a_last_line_without_an_end_does_not_swallow_the_next(lake: Lake, tmp_path: Path) -> None:
    """As an editor leaves it: both lines are there after the files were joined."""
    (tmp_path / HOUR).mkdir(parents=True)
    for number in range(2):
        content = gzip.decompress(part(number, events=1)).rstrip(b"\n")
        (tmp_path / HOUR / f"{number}.jsonl.gz").write_bytes(gzip.compress(content))
    assert lake.compact(LATER) == 2
    assert lake.query('SELECT count(*) FROM "analysed-messages-table"').rows == [[2]]


def test_a_machine_without_file_handles_has_no_damaged_files(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What this machine lacks says nothing about a file: it is tried again later."""
    (tmp_path / HOUR).mkdir(parents=True)
    for number in range(2):
        (tmp_path / HOUR / f"{number}.jsonl.gz").write_bytes(part(number))

    def read_bytes(path: Path) -> bytes:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", read_bytes)
        for call in (lambda: lake.compact(LATER), lambda: DamageSearch(tmp_path).find(60)):
            with pytest.raises(StorageError, match="can't be read now"):
                call()
    assert lake.compact(LATER) == 2


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(9))
def test_compaction_survives_a_death_at_every_step(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, after: bool
) -> None:
    """Before and after each write, rename and deletion: no line is lost, and none counts twice."""
    (tmp_path / HOUR).mkdir(parents=True)
    for number in range(4):
        (tmp_path / HOUR / f"{number}.jsonl.gz").write_bytes(part(number)[: None if number else 700])
    calls = 0

    def dying(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == step and not after:
                raise Killed
            result = function(*args, **kwargs)
            if calls == step:
                raise Killed
            return result

        return call

    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        for owner, name in ((Path, "open"), (Path, "rename"), (Path, "unlink"), (os, "fsync")):
            patch.setattr(owner, name, dying(getattr(owner, name)))
        lake.compact(LATER)
    assert calls >= min(step, 7)
    expected = [[150, 150]]
    counted = 'SELECT count(*), count(DISTINCT id) FROM "analysed-messages-table"'
    assert lake.query(counted).rows == expected
    again = Lake(tmp_path)
    again.compact(LATER)
    assert again.query(counted).rows == expected
    assert DamageSearch(tmp_path).find(60) == [tmp_path / HOUR / "0.jsonl.gz"]


def test_hours_that_are_too_old_are_deleted(lake: Lake, tmp_path: Path) -> None:
    """Their files and folders; what the hour of the limit has stays, and so does what is no hour of the lake."""
    for day in (20, 21, 22):
        lake.append([event("TWEET_SENT", {}, NOON.replace(day=day))])
    (tmp_path / "2026/11/20/notes.txt").write_text("mine")
    assert lake.prune(NOON.replace(day=22)) == 2
    assert sorted(path.relative_to(tmp_path).as_posix() for path in (tmp_path / "2026/11").glob("*")) == [
        "2026/11/20",
        "2026/11/22",
    ]
    assert (tmp_path / "2026/11/20/notes.txt").exists()
    assert len(list((tmp_path / "2026/11/22/12").iterdir())) == 1


@pytest.mark.parametrize("how", ["deleted", "renamed", "replaced"])
def test_a_lake_that_is_gone_takes_nothing(tmp_path: Path, how: str) -> None:
    """An append must not begin a second lake beside the one that people look at; put back, it goes on."""
    lake = Lake(tmp_path / "lake")
    lake.append([analysed("ann")])
    (tmp_path / "lake").rename(tmp_path / "aside")
    if how == "replaced":
        shutil.copytree(tmp_path / "aside", tmp_path / "lake")
    elif how == "deleted":
        shutil.rmtree(tmp_path / "aside")
    with pytest.raises(Moved, match="lake is gone or another one"):
        lake.append([analysed("ben")])
    assert not list((tmp_path / "lake").rglob("*.unfinished"))
    if how == "renamed":
        (tmp_path / "aside").rename(tmp_path / "lake")
        lake.append([analysed("ben")])


def test_a_query_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    """Nothing of it goes on, and the next one is answered."""
    numbers = "UNNEST(sequence(1, 10000))"
    endless = f"SELECT sum(a * b * c) FROM {numbers} AS x(a), {numbers} AS y(b), {numbers} AS z(c)"
    lake = Lake(tmp_path, timeout=0.05)
    with pytest.raises(TooSlow, match=r"it took more than 0\.05 seconds"):
        lake.query(endless)
    assert Lake(tmp_path, timeout=30).query("SELECT 1").rows == [[1]]
