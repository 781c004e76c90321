"""`twbot query` through the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.support.lake_events import analysed, image
from twbot.cli.main import run
from twbot.local.data_folder import DataFolder
from twbot.local.lake.lake import Lake


@pytest.fixture
def data(tmp_path: Path) -> str:
    Lake(DataFolder(tmp_path).lake).append([analysed("ann", [image("Ada Lovelace")]), analysed("ben")])
    return str(tmp_path)


def test_lists_the_saved_queries(capsys: pytest.CaptureFixture[str]) -> None:
    """With what each answers."""
    assert run(["query", "--json"]) == 0
    listed = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert {"celebrities", "labels", "positive"} < set(listed)
    assert len(listed) >= 8
    assert all(each["description"] for each in listed.values())


def test_runs_a_saved_query(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`twbot query celebrities`, spelled so."""
    assert run(["query", "celebrities", "--data", data]) == 0
    assert "Ada Lovelace" in capsys.readouterr().out


def test_answers_programs_in_json_and_csv(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The answer alone, on stdout."""
    run(["query", "celebrities", "--data", data, "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["columns"] == ["time", "author", "name"]
    assert answer["rows"][0][1:] == ["ann", "Ada Lovelace"]
    run(["query", "celebrities", "--data", data, "--csv"])
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows[0] == ["time", "author", "name"]


def test_takes_parameters_and_limits(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Bound by name, with a default."""
    assert run(["query", "authors", "--param", "most=1", "--data", data, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 1
    sql = 'SELECT detail.author FROM "analysed-messages-table"'
    assert run(["query", "--sql", sql, "--limit", "1", "--data", data, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["celebrites"], 4, "twbot query celebrities"),
        (["authors", "--param", "most=many"], 2, "number"),
        (["authors", "--param", "least=3"], 2, "most"),
        (["celebrities", "--sql", "SELECT 1"], 2, "Give one of"),
        (["--sql", "DROP TABLE x"], 1, "SELECT"),
    ],
)
def test_says_what_is_wrong(
    data: str, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
) -> None:
    """On stderr, with the exit code that it stands for."""
    assert run(["query", *arguments, "--data", data]) == code
    captured = capsys.readouterr()
    assert says in captured.err
    assert captured.out == ""


def test_an_empty_lake_answers_kindly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything has happened."""
    assert run(["query", "celebrities", "--data", str(tmp_path)]) == 0
    assert "Nothing yet" in capsys.readouterr().err


def test_every_listed_column_can_be_asked_for(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As it is spelled, up to the first list in it."""
    assert run(["query", "--columns", "--json"]) == 0
    names = [each["name"] for each in json.loads(capsys.readouterr().out)]
    assert {'"detail-type"', "detail.Analysis.TextSentiment", "resources[]", "datehour"} < set(names)
    asked = ", ".join(name.partition("[]")[0] for name in names)
    sql = f'SELECT {asked} FROM "analysed-messages-table"'
    assert run(["query", "--sql", sql, "--data", data, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 2


def test_a_wrong_column_names_those_that_are_there(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is like it, and how to list them all."""
    assert run(["query", "--sql", 'SELECT detail.txt FROM "analysed-messages-table"', "--data", data]) == 1
    said = capsys.readouterr().err
    assert '"Text"' in said
    assert "twbot query --columns" in said
    assert "LINE 1" not in said


OWN = """\
-- What one of them wrote.
-- parameter: who text ann
-- parameter: most integer 5
SELECT detail.author, 7 AS lucky FROM "analysed-messages-table" WHERE detail.author = ? LIMIT CAST(? AS integer)
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The queries of a bot's folder."""
    queries = tmp_path / "my-bot" / "bot" / "queries"
    queries.mkdir(parents=True)
    monkeypatch.setenv("TWBOT_PROJECT", str(tmp_path / "my-bot"))
    return queries


def test_the_folder_s_queries_are_as_ours(own: Path, data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Listed, completed, with parameters; one of a name of ours replaces ours."""
    (own / "by-whom.sql").write_text(OWN)
    (own / "celebrities.sql").write_text("-- Mine.\nSELECT 1 AS mine;\n")
    assert run(["query", "by-whom", "-p", "who=ben", "--data", data, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == [["ben", 7]]
    assert run(["query", "celebrities", "--data", data, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["columns"] == ["mine"]
    assert run(["query", "--list", "--json"]) == 0
    listed = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert listed["by-whom"]["description"] == "What one of them wrote."
    assert listed["celebrities"]["description"] == "Mine."
    assert {"alerts", "authors"} < set(listed)


@pytest.mark.parametrize(
    ("name", "sql", "says"),
    [
        ("x", "", "x.sql:1: there is no SQL"),
        ("x", "-- only words\n", "x.sql:1: there is no SQL"),
        ("x", "-- x\n-- parameter: days number 7\nSELECT ?", "x.sql:2: no parameter"),
        ("x", "-- x\n-- parameter: days integer soon\nSELECT ?", "x.sql:2: days is an integer"),
        ("a b", "SELECT 1", "a b.sql: the name of a query"),
    ],
)
def test_a_query_that_cannot_be_read_says_where(
    own: Path, data: str, capsys: pytest.CaptureFixture[str], name: str, sql: str, says: str
) -> None:
    """File, line and what to write instead."""
    (own / f"{name}.sql").write_text(sql)
    assert run(["query", name, "--data", data]) == 1
    assert says in capsys.readouterr().err


HOSTILE = "\x1b[31mred\x9b31m\u202eevil"
ASKED = f"SELECT '{HOSTILE}' AS text, 1 AS many"


def test_no_text_commands_the_terminal(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither in a chart nor as JSON, which says the same all the same, nor as CSV."""
    run(["query", "--sql", ASKED, "--data", data, "--chart"])
    chart = capsys.readouterr().out
    run(["query", "--sql", ASKED, "--data", data, "--json"])
    answer = capsys.readouterr().out
    run(["query", "--sql", ASKED, "--data", data, "--csv"])
    shown = capsys.readouterr().out
    assert "evil" in chart
    assert "evil" in shown
    assert not set("\x1b\x9b\u202e") & set(chart + answer + shown)
    assert json.loads(answer)["rows"] == [[HOSTILE, 1]]


def test_csv_is_for_spreadsheets(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A row is one line, and no text is a formula; --json has the texts themselves."""
    sql = "SELECT '=HYPERLINK(1)' AS text, -7 AS many, 'two' || chr(10) || 'lines' AS more"
    run(["query", "--sql", sql, "--data", data, "--csv"])
    rows = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert rows == [["text", "many", "more"], ["'=HYPERLINK(1)", "-7", "two lines"]]


@pytest.mark.parametrize("arguments", [["sentiment", "-p", "days"], ["--sql", ""], ["alerts", "--sql", ""]])
def test_what_is_half_typed_is_refused(data: str, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """A parameter without its value, SQL that is empty: nothing else is shown instead."""
    assert run(["query", *arguments, "--data", data]) != 0
    assert capsys.readouterr().out == ""


WEEKLY = "-- How many.\n-- parameter: days integer 7\nSELECT CAST(? AS integer) AS days, '{}' AS text;\n"


@pytest.mark.parametrize("how", ["--file weekly.sql", "--file -", "--sql -"])
@pytest.mark.parametrize(("param", "days"), [("", 7), ("--param days=3", 3)])
def test_a_query_is_taken_from_a_file(
    how: str, param: str, days: int, data: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or from stdin, in any of Unicode's encodings; it has parameters as those of bot/queries have."""
    monkeypatch.chdir(data)
    content = WEEKLY.format("Grüße").encode("utf-16")
    Path("weekly.sql").write_bytes(content)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert run(["query", *how.split(), *param.split(), "--data", data, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["columns"] == ["days", "text"]
    assert answer["rows"] == [[days, "Grüße"]]


@pytest.mark.parametrize(
    ("content", "options", "code", "says"),
    [
        (None, "", 2, "Cannot read my.sql: No such file"),
        (b"", "", 1, "my.sql:1: there is no SQL"),
        (b"\xff\xfe\xff", "", 1, "Cannot read my.sql"),
        (b"-- x\n-- parameter: days number 7\nSELECT ?", "", 1, "my.sql:2: no parameter"),
        (b"DROP TABLE x", "", 1, "Only one SELECT"),
        (b"SELECT 1" + b" " * 70_000, "", 2, "64 KiB"),
        (b"SELECT 1", "--param days=1", 2, "No parameter days"),
        (b"SELECT 1", "--sql x", 2, "Give one of"),
        (b"SELECT 1", "--format md --csv", 2, "Give one of"),
        (b"SELECT 1", "--format xml", 2, "xml"),
    ],
)
def test_a_file_that_is_no_query_is_refused(
    content: bytes | None,
    options: str,
    code: int,
    says: str,
    data: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the file and its line."""
    monkeypatch.chdir(data)
    if content is not None:
        Path("my.sql").write_bytes(content)
    assert run(["query", "--file", "my.sql", *options.split(), "--data", data]) == code
    assert says in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("form", ["json", "csv", "table"])
def test_a_form_is_chosen_by_its_name_too(form: str, data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As by its own option; errors are JSON, too, then."""
    asked = ["query", "--sql", "SELECT 1 AS one", "--data", data]
    run([*asked, "--format", form])
    by_name = capsys.readouterr()
    run([*asked, *([f"--{form}"] if form != "table" else [])])
    assert by_name == capsys.readouterr()
    assert run(["query", "nothing", f"--format={form}"]) == 4
    assert capsys.readouterr().err.startswith("{") is (form == "json")


def test_markdown_is_a_table_of_one_line_a_row(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No text is markup, ends its cell or its line, or commands the terminal."""
    sql = f"SELECT 'a|b' AS \"x|y\", '*b* <b> `c` [d](e)' || chr(10) || '{HOSTILE}' AS text, NULL AS no, 0.5 AS half"
    run(["query", "--sql", sql, "--data", data, "--format", "md"])
    head, rule, row = capsys.readouterr().out.splitlines()
    assert head == r"| x\|y | text | no | half |"
    assert rule == "| --- | --- | --- | --- |"
    assert row.startswith(r"| a\|b | \*b\* \<b\> \`c\` \[d\](e) ")
    assert row.endswith("evil |  | 0.5 |")
    assert not set("\x1b\x9b\u202e") & set(row)
