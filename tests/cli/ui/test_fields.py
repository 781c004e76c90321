"""--fields: chosen in one place, for every command that has --json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.support.lake_events import analysed
from twbot.cli.errors import CliError, Exit
from twbot.cli.main import app, run
from twbot.cli.ui.console import as_json, as_json_line
from twbot.cli.ui.fields import Chosen, as_line, chosen, selection
from twbot.local.data_folder import DataFolder
from twbot.local.lake.lake import Lake

POSTS = [
    {"id": 1, "detail": {"Text": "one\ttab\nline", "Names": [{"Name": "a"}, {"Name": "b"}]}, "more": None},
    {"id": 2, "detail": {"Text": "two"}, "more": {"x": True}},
]


@pytest.mark.parametrize(
    ("document", "names", "lines"),
    [
        (POSTS, "id,detail.Text", ["1\tone tab line", "2\ttwo"]),
        (POSTS, "detail.Names.Name", ['["a","b"]', ""]),
        (POSTS, "more.x,id", ["\t1", "true\t2"]),
        (POSTS[1], "id,more", ['2\t{"x":true}']),
        ({"posts": POSTS, "n": 2}, "posts.id,posts.detail.Text", ["1\tone tab line", "2\ttwo"]),
        ({"posts": POSTS, "n": 2}, "n,posts.id", ["2\t[1,2]"]),
        ({"posts": []}, "posts.id", []),
        ([], "anything", []),
        ({"detail-type": "X", "ok": False, "n": 0.5}, "detail-type,ok,n", ["X\tfalse\t0.5"]),
    ],
)
def test_records_are_lines_with_tabs_between(document: Any, names: str, lines: list[str]) -> None:
    """Nested by dots, of a list what each item has; names that all lead into one list mean its records."""
    found = selection(document, names.split(","))
    assert [as_line(each) for each in found.records] == lines
    assert found.unknown is None


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        ("idd", "Did you mean: id"),
        ("detail.text", "Did you mean: detail.Text"),
        ("detail.Names.Nam", "Did you mean: detail.Names.Name"),
        ("zzzz", "There are: id, detail, detail.Text, detail.Names, detail.Names.Name, more, more.x"),
    ],
)
def test_an_unknown_field_names_the_nearest(names: str, hint: str) -> None:
    """Of all that any record has."""
    found = selection(POSTS, [names])
    assert found.records == []
    assert found.unknown is not None
    assert (str(found.unknown), found.unknown.hint, found.unknown.code) == (
        f"There is no field {names}.",
        hint,
        Exit.USAGE,
    )


@pytest.fixture
def fields(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield
    chosen.set(None)


def test_what_is_known_is_printed_before_the_error(fields: None, capsys: pytest.CaptureFixture[str]) -> None:
    """A command that has acted loses no answer by a typing error."""
    chosen.set(Chosen(["id", "txt"]))
    with pytest.raises(CliError, match="no field txt"):
        as_json(POSTS)
    assert capsys.readouterr().out == "1\t\n2\t\n"


def test_a_stream_goes_on_where_a_line_lacks_what_others_have(fields: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Below the fields that every line has; what no line can have is an error with the first."""
    chosen.set(Chosen(["id", "detail.Names.Name"], as_json=True))
    for post in POSTS:
        as_json_line(post)
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert found == [{"id": 1, "detail.Names.Name": ["a", "b"]}, {"id": 2, "detail.Names.Name": None}]
    chosen.set(Chosen(["detial.Names"]))
    with pytest.raises(CliError, match=r"no field detial\.Names"):
        as_json_line(POSTS[0])


def test_no_value_commands_the_terminal_or_ends_its_line() -> None:
    """Whatever somebody wrote: it is one cell of one line."""
    line = as_line({"a": "x\x1b[31m\x9b\u202e\r\n\ty", "b": ["\x1b[31m\n"], "c": {"k\t": "v\u2028"}})
    assert not set("\x1b\x9b\u202e\r\n\u2028") & set(line)
    assert line.count("\t") == 2


def _commands(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    yield name, group
    for child, each in getattr(group, "commands", {}).items():
        yield from _commands(each, f"{name} {child}")


def test_every_command_that_has_json_has_fields() -> None:
    """And no other."""
    found = {
        name: {option for each in command.params for option in each.opts}
        for name, command in _commands(typer.main.get_command(app), "twbot")
    }
    with_json = {name for name, options in found.items() if "--json" in options}
    assert {name for name, options in found.items() if "--fields" in options} == with_json
    assert len(with_json) > 50


@pytest.mark.parametrize(
    ("typed", "out"),
    [
        ("schema --fields type,of", "TWITTER_TWEETED\tX"),
        ("schema --fields of,type --json", '[\n  {\n    "of": "X",\n    "type": "TWITTER_TWEETED"'),
        ("rules list --fields name", "log-every-event"),
        ("query --list --fields name,parameters.name", 'alerts\t[]\nauthors\t["most"]'),
        ("config list --fields settings.name,settings.from", "stage\tdefault"),
    ],
)
def test_a_command_answers_with_the_fields(
    typed: str, out: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --json as text for `cut` and `while read`, with it as JSON; nothing of it stays for the next command."""
    monkeypatch.chdir(tmp_path)
    assert run(typed.split()) == Exit.DONE
    assert capsys.readouterr().out.startswith(out)
    assert run(["schema", "--json"]) == Exit.DONE
    assert set(json.loads(capsys.readouterr().out)[0]) == {"type", "of", "says"}


def test_the_columns_of_a_query_are_fields(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A row is a record."""
    Lake(DataFolder(tmp_path).lake).append([analysed("ann")])
    asked = ["query", "--sql", "SELECT 1 AS one, 'x' AS two", "--data", str(tmp_path), "--fields", "two,one"]
    assert run(asked) == Exit.DONE
    assert capsys.readouterr().out == "x\t1\n"


@pytest.mark.parametrize("given", ["", ",", "a,,b", "a..b", ".a"])
def test_what_is_no_list_of_fields_is_refused(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the command does anything."""
    assert run(["schema", "--fields", given]) == Exit.USAGE
    out, err = capsys.readouterr()
    assert (out, "--fields id,detail.Text" in err) == ("", True)
