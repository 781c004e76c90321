"""`twbot query` and `twbot export`: the same cases on this machine and on a stage on AWS.

AWS is moto, whose Athena runs no SQL: tests/support/lake_on_aws.py says what stands in for it.
"""

from __future__ import annotations

import csv
import datetime
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import duckdb
import pytest

from tests.support.lake_events import NOON, analysed, edited, event, image, replayed
from tests.support.lake_on_aws import LakeOnAws, lake_on_aws
from tests.support.operate import Said
from tests.support.terminal import on_terminal
from twbot.cli.main import run
from twbot.cli.operations.lake.port import lake_of
from twbot.cli.operations.target import Target
from twbot.lambdas.analytics.results import BadSql
from twbot.lambdas.analytics.saved_queries import saved_queries
from twbot.lambdas.contracts import Event
from twbot.local.data_folder import DataFolder
from twbot.local.lake.lake import Lake

DAY = datetime.timedelta(days=1)
TABLE = '"analysed-messages-table"'
AUTHORS = 'SELECT detail.author FROM "analysed-messages-table" ORDER BY 1'


class Keeps(Protocol):
    def append(self, events: list[Event]) -> None: ...


class There(NamedTuple):
    """A lake that events can be put into, and the options that lead a command to it."""

    lake: Keeps
    place: Target
    options: list[str]
    aws: LakeOnAws | None


@pytest.fixture(params=["local", "aws"])
def there(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[There]:
    """The same cases over both."""
    if request.param == "local":
        yield There(Lake(DataFolder(tmp_path / "data").lake), Target(data=tmp_path / "data"), _data(tmp_path), None)
        return
    with lake_on_aws(tmp_path, monkeypatch) as lake:
        yield There(lake, Target("prod"), ["--stage", "prod"], lake)


def _data(tmp_path: Path) -> list[str]:
    return ["--data", str(tmp_path / "data")]


Twbot = Callable[..., Said]


@pytest.fixture
def twbot(there: There, capsys: pytest.CaptureFixture[str]) -> Twbot:
    def command(*arguments: str) -> Said:
        capsys.readouterr()
        code = run([*arguments, *there.options])
        return Said(code, *capsys.readouterr())

    return command


@pytest.fixture
def filled(there: There) -> There:
    there.lake.append([analysed("ann", [image("Ada", "Bob")]), analysed("ben", sentiment="NEGATIVE"), analysed("cy's")])
    return there


@pytest.mark.parametrize("name", sorted(saved_queries()))
def test_every_saved_query_runs(filled: There, twbot: Twbot, name: str) -> None:
    """With its own defaults, on both."""
    found = twbot("query", name, "--json")
    assert found.code == 0, found.err
    assert found.json["columns"]


def test_the_answers_are_the_same(filled: There, twbot: Twbot) -> None:
    """Numbers are numbers, nothing is null, and what was read is told; tables, CSV and JSON hold the same rows."""
    found = twbot("query", "authors", "--json").json
    assert found["columns"] == ["author", "messages", "positive", "negative", "latest"]
    assert found["rows"][1][:4] == ["ben", 1, 0, 1]
    assert found["bytes_scanned"] > 0
    rows = list(csv.reader(io.StringIO(twbot("query", "authors", "--csv").out)))
    assert rows[0] == found["columns"]
    assert rows[2][:4] == ["ben", "1", "0", "1"]
    table = twbot("query", "authors")
    assert "cy's" in table.out
    assert "3 rows" in table.err
    nulls = twbot(
        "query", "--sql", 'SELECT detail.reason, true AS yes, 1.5 AS x FROM "analysed-messages-table"', "--json"
    )
    assert nulls.json["rows"] == [[None, True, 1.5]] * 3


@pytest.mark.parametrize("value", ["cy's", "' OR '1'='1", "ann"])
def test_parameters_are_bound(filled: There, value: str) -> None:
    """They are never read as SQL."""
    sql = 'SELECT detail.author FROM "analysed-messages-table" WHERE detail.author = ?'
    assert lake_of(filled.place).query(sql, [value]).rows == ([] if "OR" in value else [[value]])


def test_limits_and_semicolons(filled: There, twbot: Twbot) -> None:
    """As people paste it."""
    assert twbot("query", "--sql", f"{AUTHORS};\n", "--limit", "2", "--json").json["rows"] == [["ann"], ["ben"]]


@pytest.mark.parametrize(
    "sql", ['DROP TABLE "analysed-messages-table"', "-- SELECT\nDELETE FROM x", "UNLOAD (SELECT 1) TO 's3://x/'", ""]
)
def test_nothing_but_a_select_is_run(filled: There, sql: str) -> None:
    """On AWS nothing of it reaches Athena."""
    with pytest.raises(BadSql):
        lake_of(filled.place).query(sql)
    assert filled.aws is None or not filled.aws.asked


def test_sql_that_cannot_be_run_says_why(filled: There, twbot: Twbot) -> None:
    """In one line."""
    found = twbot("query", "--sql", 'SELECT nothing FROM "analysed-messages-table"')
    assert (found.code, found.out) == (1, "")
    assert "nothing" in found.err


def test_packages_that_are_not_installed(there: There, twbot: Twbot, monkeypatch: pytest.MonkeyPatch) -> None:
    """3, and which extra has them."""
    for name in ("duckdb", "twbot.cli.operations.aws_stage"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in ("duckdb", "boto3"):
        monkeypatch.setitem(sys.modules, name, None)
    found = twbot("query", "authors")
    assert found.code == 3
    assert f"twbot[{'aws' if there.aws else 'local'}]" in found.err


@pytest.mark.usefixtures("there")
def test_an_empty_lake_answers_kindly(twbot: Twbot) -> None:
    """Before anything has happened; a program gets the headings."""
    found = twbot("query", "celebrities")
    assert (found.code, found.out) == (0, "time\tauthor\tname\n")
    assert "Nothing yet" in found.err


def test_charts(filled: There, twbot: Twbot) -> None:
    """A bar for a label, blocks over time, and a word where there is none."""
    assert "█" in twbot("query", "authors", "--chart").out
    bars = twbot(
        "query", "--sql", 'SELECT "detail-type", count(*) AS times FROM "analysed-messages-table" GROUP BY 1', "--chart"
    )
    assert "MESSAGE_ANALYSED" in bars.out
    assert "█" in bars.out
    over_time = 'SELECT substr(time, 1, 10) AS day, count(*) AS n FROM "analysed-messages-table" GROUP BY 1'
    assert "2026-11-23" in twbot("query", "--sql", over_time, "--chart").out
    none = twbot("query", "celebrities", "--chart")
    assert "No chart" in none.err
    assert "Ada" in none.out
    assert twbot("query", "authors", "--chart", "--json").code == 2


def test_times_are_the_reader_s(filled: There, twbot: Twbot) -> None:
    """Or UTC; programs get them as they are."""
    assert "2026-11-23 12:30:00Z" in on_terminal("query", "celebrities", "--utc", *filled.options)
    assert "2026-11-23T12:30:00.000Z\t" in twbot("query", "celebrities", "--utc").out
    assert twbot("query", "celebrities", "--json").json["rows"][0][0] == "2026-11-23T12:30:00.000Z"


def _rows(path: Path) -> list[Any]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    sql = "SELECT id, detail_type, detail.author, datehour FROM read_parquet(?) ORDER BY time"
    return duckdb.execute(sql, [[str(each) for each in files]]).fetchall()


@pytest.mark.parametrize("name", ["out.parquet", "out"])
def test_exports_what_is_there(filled: There, twbot: Twbot, tmp_path: Path, name: str) -> None:
    """A file or a folder, with the table's columns; records' fields are in small letters, as Athena has them."""
    to = tmp_path / name
    found = twbot("export", "-o", str(to), "--json")
    assert found.code == 0, found.err
    assert (found.json["rows"], found.json["path"]) == (3, str(to))
    assert found.json["bytes"] > 0
    assert sorted(row[2] for row in _rows(to)) == ["ann", "ben", "cy's"]
    if filled.aws:
        assert not filled.aws.keys("athena-results/")


def test_exports_a_part(there: There, twbot: Twbot, tmp_path: Path) -> None:
    """From --since on, before --until, of a type."""
    minute = datetime.timedelta(minutes=1)
    there.lake.append([event("TWEET_SENT", {"Text": str(at)}, NOON + at * minute) for at in range(4)])
    there.lake.append([event("TWEET_FAILED", {}, NOON + minute)])
    arguments = ["--since", "2026-11-23T12:31Z", "--until", "2026-11-23T12:33Z", "--type", "tweet_sent"]
    assert twbot("export", "-o", str(tmp_path / "x.parquet"), *arguments, "--json").json["rows"] == 2
    assert [row[1] for row in _rows(tmp_path / "x.parquet")] == ["TWEET_SENT"] * 2


def test_an_export_of_nothing_leaves_nothing(there: There, twbot: Twbot, tmp_path: Path) -> None:
    """And says so."""
    before = sorted(tmp_path.iterdir())
    found = twbot("export", "-o", str(tmp_path / "x.parquet"))
    assert found.code == 0
    assert "nothing was written" in found.err
    assert sorted(tmp_path.iterdir()) in (before, sorted([*before, tmp_path / "data"]))
    assert there


def test_an_export_overwrites_only_when_told(filled: There, twbot: Twbot, tmp_path: Path) -> None:
    """And never a folder with other things in it."""
    for name in ("x.parquet", "x"):
        to = tmp_path / "exports" / name
        assert twbot("export", "-o", str(to)).code == 0
        assert twbot("export", "-o", str(to)).code == 2
        assert twbot("export", "-o", str(to), "--force", "--type", "MESSAGE_ANALYSED").code == 0
        assert len(_rows(to)) == 3
    other = tmp_path / "exports" / "x" / "letter.txt"
    other.write_text("dear")
    assert twbot("export", "-o", str(other.parent), "--force").code == 2
    assert twbot("export", "-o", str(other), "--force").code == 2
    assert other.read_text() == "dear"
    assert sorted(each.name for each in (tmp_path / "exports").iterdir()) == ["x", "x.parquet"]


def test_an_export_that_breaks_off_leaves_nothing(
    filled: There, twbot: Twbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half a file under the name, nothing beside it; what was there before stays."""

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    to = tmp_path / "exports" / "x.parquet"
    assert twbot("export", "-o", str(to)).code == 0
    before = to.read_bytes()
    monkeypatch.setattr("twbot.cli.commands.export._publish", fail)
    assert twbot("export", "-o", str(to), "--force").code == 130
    assert to.read_bytes() == before
    assert [each.name for each in to.parent.iterdir()] == ["x.parquet"]


@pytest.mark.parametrize(
    "arguments", [["--type", "NOTHING"], ["--since", "whenever"], ["--since", "1h", "--until", "2h"]]
)
def test_exports_say_what_is_wrong(there: There, twbot: Twbot, tmp_path: Path, arguments: list[str]) -> None:
    """Before anything is read."""
    assert twbot("export", "-o", str(tmp_path / "x.parquet"), *arguments).code == 2
    assert there.aws is None or not there.aws.asked


OURS = sorted(set(saved_queries()) - {"celebrities", "labels", "positive"})


def _posts() -> list[Event]:
    images = [image("Ada", labels=("Car",))]
    posts = [analysed("ann", images), analysed("ben", sentiment="NEGATIVE"), analysed("ben2", sentiment="NEGATIVE")]
    received = [
        event("MESSAGE_RECEIVED", {name: each.detail[name] for name in ("Text", "Author", "Summoned", "Twitter")})
        for each in posts
    ]
    answered = event("TWEET_SENT", {"TweetId": "9", "ReplyToTweetId": "ann"}, NOON + datetime.timedelta(seconds=2))
    failed = event("TWEET_FAILED", {"Reason": "gone", "Explanation": "deleted", "ReplyToTweetId": "ben"})
    return [*posts, *received, answered, failed]


@pytest.mark.parametrize("name", OURS)
def test_a_post_is_counted_once(there: There, twbot: Twbot, name: str) -> None:
    """Whatever is replayed, redelivered, edited or completed later: the answer stays what it was."""
    posts = _posts()
    there.lake.append(posts)
    before = (
        twbot("query", name, "-p", "days=3000", "--json") if name == "sentiment" else twbot("query", name, "--json")
    )
    assert before.json["rows"]
    there.lake.append([*replayed(posts), *replayed(posts, "with-replies-2")])
    there.lake.append([edited(each, f"{each.detail['Author']}-v2") for each in posts[:6]])
    completed = {"Completes": ["Author"], "Author": "another name"}
    there.lake.append([event(each.detail_type, each.detail | completed, NOON + DAY) for each in posts[:6]])
    after = twbot("query", name, "-p", "days=3000", "--json") if name == "sentiment" else twbot("query", name, "--json")
    assert after.json["rows"] == before.json["rows"]
    assert after.json["replayed"] in (0, None)


def test_an_edit_that_was_answered_answers_the_post(there: There, twbot: Twbot) -> None:
    """It is not among the unanswered ones, and its wait counts from the first version."""
    received = event(
        "MESSAGE_RECEIVED", {"Author": "ann", "Summoned": True, "Twitter": {"TweetId": "1", "UserId": "7"}}
    )
    reply = event("TWEET_SENT", {"TweetId": "9", "ReplyToTweetId": "2"}, NOON + datetime.timedelta(minutes=2))
    there.lake.append([received, edited(received, "2"), reply])
    assert twbot("query", "unanswered", "--json").json["rows"] == []
    assert twbot("query", "reply-times", "--json").json["rows"] == [["2026-11-23T12", 1, 120.0, 120.0, 120.0]]


def test_the_sources_queries_say_how_much_is_replayed(there: There, twbot: Twbot) -> None:
    """They run as they are: the rows are all there, and the replayed ones are told."""
    posts = _posts()
    there.lake.append([*posts, *replayed(posts)])
    for name, rows in (("labels", 3), ("celebrities", 3), ("positive", 3)):
        found = twbot("query", name, "--json").json
        assert (len(found["rows"]), found["replayed"]) == (rows, 2)
        assert len(found["columns"]) == len(found["rows"][0])
        assert "Replayed events among them: 2" in twbot("query", name).err


@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ("SELECT id FROM {table}", 11),
        ("SELECT * FROM {table} WHERE \"detail-type\" = 'TWEET_SENT';", 1),
        ('SELECT "detail-type", count(*) FROM {table} GROUP BY 1 ORDER BY 2', 11),
        ("SELECT count(*) FROM {table} -- FROM here", 11),
        ('SELECT round(avg(length(id)) / 2, 1) AS "FROM" FROM {table} AS t', 11),
        ('SELECT id FROM {table} WHERE "replay-name" IS NULL AND detail.replayname IS NULL', 0),
        ("SELECT extract(YEAR FROM from_iso8601_timestamp(time)) AS y FROM {table}", 11),
        ("SELECT row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS m FROM {table}", 11),
        ("SELECT DISTINCT source FROM {table}", None),
        ("SELECT id FROM {table} UNION SELECT id FROM {table}", None),
        ("WITH x AS (SELECT id FROM {table}) SELECT count(*) FROM x", None),
        ("SELECT max(id) FROM {table}", 11),
        ("SELECT 1", None),
    ],
)
def test_replayed_rows_are_counted_without_changing_the_answer(
    there: There, twbot: Twbot, sql: str, count: int | None
) -> None:
    """One more column in the statement, which nobody sees."""
    posts = _posts()
    there.lake.append([*posts, *replayed(posts)])
    wanted = lake_of(there.place).query(sql.format(table=TABLE))
    found = twbot("query", "--sql", sql.format(table=TABLE), "--json").json
    assert found["replayed"] == count
    assert found["columns"] == wanted.columns
    assert sorted(map(str, found["rows"])) == sorted(map(str, wanted.rows))
