"""Reading the lake's files: what is odd in one event never stops a query, and nothing vanishes in silence."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.lake_events import analysed, event, image
from twbot.lambdas.analytics.saved_queries import saved_queries
from twbot.local.lake.lake import Lake

SQL = """SELECT id, detail.text AS text, detail.analysis.textsentiment AS felt, detail.twitter.tweetid AS tweet,
element_at(element_at(detail.analysis.images, 1).analysis.labels, 1).name AS label
FROM "analysed-messages-table" ORDER BY id"""
FLAT = 'SELECT * FROM "analysed-messages-table" ORDER BY id'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def write(folder: Path, *lines: bytes) -> Path:
    path = folder / "2026/11/23/12/a.jsonl.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(b"\n".join(lines) + b"\n"))
    return path


def line(**changes: Any) -> bytes:
    """An event as a line, some of its fields changed."""
    whole = msgspec.to_builtins(analysed("ann", [image("Ada", labels=("Car",))]))
    return json.dumps(whole | {"id": "1"} | changes).encode()


def recased(value: Any, draw: Any) -> Any:
    if isinstance(value, list):
        return [recased(each, draw) for each in value]
    if not isinstance(value, dict):
        return value
    spell = st.sampled_from([str, str.lower, str.upper, str.swapcase, str.title])
    return {draw(spell)(key): recased(each, draw) for key, each in value.items()}


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_names_are_read_in_any_letter_case(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """As Athena's SerDe reads them, down to the labels of a picture."""
    folder = tmp_path_factory.mktemp("lake")
    write(folder, json.dumps(recased(json.loads(line()), data.draw)).encode())
    answer = Lake(folder).query(SQL)
    assert (answer.rows, answer.damaged) == ([["1", "by ann", "POSITIVE", "ann", "Car"]], [])


def test_what_x_sent_is_read_in_its_own_case(tmp_path: Path) -> None:
    """A raw event has X's small letters: detail.text is the post's text, as on Athena."""
    raw = {"id_str": "7", "text": "hello", "user": {"id_str": "5", "name": "x", "text": "no"}}
    write(tmp_path, line(**{"source": "TWITTER", "detail-type": "TWITTER_TWEETED", "detail": raw}))
    assert Lake(tmp_path).query(SQL).rows == [["1", "hello", None, None, None]]


@pytest.mark.parametrize("time", [1795612425, "yesterday", "2026-11-25", "", None, {}, "2026-13-45T00:00:00Z"])
def test_an_event_with_an_odd_time_is_left_out_and_named(tmp_path: Path, time: Any) -> None:
    """No saved query stops at it."""
    path = write(tmp_path, line(), line(id="2", time=time))
    for saved in saved_queries().values():
        Lake(tmp_path).query(saved.sql, [each.default for each in saved.parameters])
    answer = Lake(tmp_path).query(SQL)
    assert len(answer.rows) == 1
    assert answer.damaged == [f"{path}: 1 line"]


def test_a_time_of_another_offset_is_the_same_moment(tmp_path: Path) -> None:
    """As the transform function writes it on AWS."""
    write(tmp_path, line(time="2026-11-23T15:00:00+02:30"))
    sql = 'SELECT time, hour(from_iso8601_timestamp(time)) AS h FROM "analysed-messages-table"'
    assert Lake(tmp_path).query(sql).rows == [["2026-11-23T12:30:00.000Z", 12]]


@pytest.mark.parametrize(
    "odd",
    [
        line(id="2").replace(b"by ann", b"\\ud83d lone"),
        line(id="2").replace(b"by ann", b"\\udc00"),
        line(id="2").replace(b"by ann", b"\xff"),
        line(id="2").replace(b"by ann", b"\xed\xa0\xbd"),
    ],
)
def test_a_line_that_duckdb_cannot_read_is_read_all_the_same(tmp_path: Path, odd: bytes) -> None:
    """Half an emoji, or what is no UTF-8: the replacement character stands for it."""
    write(tmp_path, line(), odd)
    answer = Lake(tmp_path).query(SQL)
    assert [row[0] for row in answer.rows] == ["1", "2"]
    assert "\N{REPLACEMENT CHARACTER}" in answer.rows[1][1]
    assert answer.damaged == []


def test_what_is_no_event_is_counted(tmp_path: Path) -> None:
    """Broken lines, and JSON that is something else; empty lines are nothing."""
    path = write(tmp_path, line(), b"not json", b"[]", b"{}", b"7", b"", b'{"id": "9"}', b'{"id": "cut of')
    answer = Lake(tmp_path).query(SQL)
    assert len(answer.rows) == 1
    assert answer.damaged == [f"{path}: 6 lines"]


@settings(max_examples=40, deadline=None)
@given(detail=st.dictionaries(st.sampled_from(["Text", "Author", "Analysis", "Twitter", "text", "Followers"]), JSON))
def test_no_type_of_a_field_stops_a_query(tmp_path_factory: pytest.TempPathFactory, detail: dict[str, Any]) -> None:
    """X may use our names for something else."""
    folder = tmp_path_factory.mktemp("lake")
    write(folder, line(), line(id="2", detail=detail))
    assert Lake(folder).query(FLAT).rows[0][1] == "1"


def test_nothing_is_written_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit into memory goes to a private folder of the lake, and is gone afterwards."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    lake = Lake(tmp_path / "data" / "lake")
    lake.append([event("TWEET_SENT", {"Text": "x" * 1000}) for _ in range(50)])
    monkeypatch.setattr("twbot.local.lake.sql.MEMORY", "30MB")
    big = "SELECT count(DISTINCT a || b) FROM (SELECT CAST(x AS varchar) AS a, CAST(y AS varchar) AS b"
    lake.query(f"{big} FROM UNNEST(sequence(1, 800)) t(x) CROSS JOIN UNNEST(sequence(1, 800)) u(y))")
    assert list(here.iterdir()) == []
    assert [each.name for each in (tmp_path / "data" / "lake").iterdir()] == ["2026"]


def test_no_progress_bar_is_in_the_answer(tmp_path: Path) -> None:
    """It is off, however long a query lasts."""
    with Lake(tmp_path)._opened() as (db, *_):
        assert db.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (False,)
