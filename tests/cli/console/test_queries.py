"""The page of queries: saved ones and SQL, answered as a table, a chart and CSV."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from tests.support.console import Visitor, text_of
from tests.support.world import World
from twbot.cli.console import queries
from twbot.cli.console.queries import LIMITS, Answer, asked_in, drawn_of
from twbot.cli.errors import CliError
from twbot.lambdas.analytics.results import Result
from twbot.lambdas.analytics.saved_queries import saved_queries
from twbot.lambdas.folder.folder import VARIABLE

ALL = 'SELECT detail.author, detail.text FROM "analysed-messages-table" WHERE "detail-type" = \'MESSAGE_RECEIVED\''


def test_every_saved_query_is_a_card_and_answers(world: World, visitor: Visitor) -> None:
    """With the command that does the same, and its parameters as fields."""
    world.ask("quentin", "@twbot I am so happy")
    page = visitor.get("/queries")
    for name, saved in saved_queries().items():
        assert f'id="saved-{name}"' in page.text
        assert all(f'name="p.{each.name}" value="{each.default}"' in page.text for each in saved.parameters)
        answer = visitor.get("/queries", q=name)
        assert answer.status_code == 200, name
        assert f"twbot query {name} --data" in text_of(answer)
    assert "quentin" in text_of(visitor.get("/queries", q="authors", **{"p.most": "500"}))


def test_a_query_of_the_bots_folder_is_at_home(
    tmp_path: Path, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its card says whose it is; one that can't be read is named, and the others are there."""
    folder = tmp_path / "bot" / "queries"
    folder.mkdir(parents=True)
    (folder / "beans.sql").write_text(
        "-- Who asks for <b>beans</b>.\n-- parameter: kind text arabica\nSELECT ? AS kind"
    )
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    page = visitor.get("/queries", q="beans", **{"p.kind": "=robusta"})
    assert "beans bot/queries Who asks for <b>beans</b>." in text_of(page)
    assert "<b>beans</b>" not in page.text
    assert "=robusta" in text_of(page)
    download = visitor.get("/queries.csv", q="beans", **{"p.kind": "=robusta"})
    assert download.text == "kind\n'=robusta\n"
    assert download.headers["Content-Disposition"] == 'attachment; filename="twbot-beans.csv"'
    (folder / "broken.sql").write_text("-- Nothing.\n")
    page = visitor.get("/queries")
    assert "broken.sql:1: there is no SQL." in text_of(page)
    assert 'id="saved-authors"' in page.text


@pytest.mark.parametrize(
    ("query", "says", "kept"),
    [
        ({"sql": "SELECT nonsense FROM nowhere"}, "The table's columns", "SELECT nonsense FROM nowhere"),
        ({"sql": "DROP TABLE x"}, "Only one SELECT", "DROP TABLE x"),
        ({"sql": "SELECT </textarea><script>alert(1)</script>"}, "", "SELECT &lt;/textarea&gt;&lt;script&gt;"),
        ({"sql": "SELECT 1" + " " * 20_000 + ", 2"}, "longer than", "SELECT 1"),
        ({"q": "sentimnt"}, "Did you mean: twbot query sentiment", ""),
        ({"q": "sentiment", "p.days": "many"}, "The parameter days is a number", 'value="many"'),
        ({"q": "sentiment", "p.dayz": "1"}, "it takes days", ""),
    ],
)
def test_what_cannot_be_asked_is_said_beside_it(visitor: Visitor, query: dict[str, str], says: str, kept: str) -> None:
    """What was typed is still there."""
    page = visitor.get("/queries", **query)
    assert page.status_code == 400
    assert says in text_of(page)
    assert kept in page.text
    assert "<script>alert" not in page.text


def test_rows_are_shown_by_hundreds_and_downloaded_whole(world: World, visitor: Visitor) -> None:
    """More of them lead to the next limit, and to none beyond the last."""
    sql = "SELECT n FROM UNNEST(sequence(1, 150)) AS t(n)"
    page = visitor.get("/queries", sql=sql)
    assert "100 rows of more" in text_of(page)
    assert page.text.count('<td class="number nowrap">') == 100
    (more,) = re.findall(r'href="(/queries\?[^"]*limit=1000)#answer"', page.text)
    assert "150 rows in" in text_of(visitor.get(more.replace("&amp;", "&")))
    rows = list(csv.reader(io.StringIO(visitor.get("/queries.csv", sql=sql).text)))
    assert rows == [["n"], *([str(each)] for each in range(1, 151))]


def test_what_people_wrote_stays_text_and_posts_are_linked(world: World, visitor: Visitor) -> None:
    post, _ = world.ask("quirin", "@twbot <script>alert(1)</script> {{ 7*7 }} \u202egnp.exe")
    sql = 'SELECT detail.author, detail.text, detail.twitter.tweetid, detail FROM "analysed-messages-table" '
    page = visitor.get("/queries", sql=f"{sql} WHERE detail.author = 'quirin'")
    assert page.status_code == 200
    assert f'href="/post/{post["id"]}"' in page.text
    assert "{{ 7*7 }}" in page.text
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text


@pytest.mark.parametrize(
    ("columns", "rows", "bars", "lines"),
    [
        (["day", "n"], [["2026-11-01", 1], ["2026-11-03", 4]], 0, 1),
        (["day", "mood", "n"], [["2026-11-01", "GOOD", 1], ["2026-11-01", "BAD", 2]], 0, 2),
        (["who", "n"], [["ann", 3], ["ben", None], ["eve", -1]], 3, 0),
        (["who"], [["ann"]], 0, 0),
        (["n"], [[1]], 0, 0),
        (["who", "n"], [], 0, 0),
    ],
)
def test_a_result_is_drawn_where_there_is_something_to_draw(
    columns: list[str], rows: list[list[object]], bars: int, lines: int
) -> None:
    """As `twbot query --chart` does it."""
    drawn = drawn_of(Result(columns, rows, 0))
    assert (len(drawn.bars) if drawn else 0, len(drawn.lines) if drawn else 0) == (bars, lines)
    assert all(0 <= each.length <= 100 for each in (drawn.bars if drawn else []))


def test_a_cell_is_whole_and_as_people_write_it() -> None:
    """Ids stay text, numbers are short but may be ids, too, records are JSON."""
    values = ["2125807372948471809", 1234567, 0.9944625634604781, True, None, {"a": [1]}, "2026-11-26T04:00:00Z"]
    names = ["tweetid", "n", "sure", "summoned", "text", "detail", "time"]
    (row,) = Answer(Result(names, [values], 0), 0.1, None).cells()
    assert [each.text for each in row][:6] == ["2125807372948471809", "1234567", "0.994", "true", "", '{"a":[1]}']
    assert (row[0].post, row[6].moment) == (values[0], values[6])


def test_only_known_limits_are_taken() -> None:
    for limit in ("", "5", "-1", "1e9", "1000000000"):
        asked = asked_in({"sql": "SELECT 1", "limit": limit})
        assert asked is not None
        assert asked.limit == LIMITS[0]
    with pytest.raises(CliError, match="no saved query"):
        asked_in({"q": "../../etc/passwd"})


def test_a_query_that_takes_too_long_is_stopped(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """As nobody can press Ctrl-C in a page: it says so, and how to ask for less."""
    monkeypatch.setattr(queries, "TIMEOUT", 0.05)
    numbers = "UNNEST(sequence(1, 10000))"
    page = visitor.get("/queries", sql=f"SELECT sum(a * b * c) FROM {numbers} x(a), {numbers} y(b), {numbers} z(c)")
    assert page.status_code == 400
    assert "it took more than 0.05 seconds. Ask for less" in text_of(page)
