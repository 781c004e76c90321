"""Whatever is printed passes the console: a stranger's text is one harmless line, and JSON is escaped."""

from __future__ import annotations

import ast
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from tests.support.paths import ROOT
from twbot.cli.ui import console
from twbot.cli.ui.check import Check
from twbot.cli.ui.console import Safe, harmless_text
from twbot.cli.ui.csv import print_csv
from twbot.lambdas.plain_text import NOT_PLAIN, one_line

HOSTILE = "x\x1b]52;c;ZXZpbA==\x07\n2026-01-01T00:00:00Z TWEET_SENT forged\u2028\x9b2J\u202e\U000e0041\u200b\x85y"
ODD = st.text(st.sampled_from("ab \x1b\x9b\n\r\u2028\u202e\u200b\U000e0041\ud83d[]="), max_size=12)


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    out, err = capsys.readouterr()
    return out + err


def lines_of(shown: str) -> list[str]:
    """The lines, each of which is checked to be harmless; the tabs between cells are ours."""
    lines = shown.replace("\t", " ").split("\n")
    assert not [line for line in lines if one_line(line) != line]
    return lines


@pytest.mark.parametrize(
    "show",
    [
        console.print_line,
        console.say,
        lambda text: console.out.print(text, markup=False),
        lambda text: console.out.print(Text(text, "red")),
        lambda text: console.out.print(Text.assemble(("a ", "bold"), text), soft_wrap=True),
        lambda text: console.table(["column", text], [(text, 1)]),
        lambda text: console.table(["column"], [(text,)], title="a title"),
        lambda text: console.print_block(text, "red"),
        lambda text: console.print_error(text, None),
        lambda text: console.print_error("what", text.replace("\n", " ")),
        lambda text: console.show_check(Check("name", "wrong", text, "a fix")),
    ],
)
def test_each_way_to_print_is_harmless(capsys: pytest.CaptureFixture[str], show: object) -> None:
    """No line that begins as one of ours, and nothing that a terminal obeys."""
    show(HOSTILE)  # type: ignore[operator]
    for line in lines_of(printed(capsys)):
        assert not line.strip(" ┃").startswith("2026-01-01T00:00:00Z TWEET_SENT forged\n")
        assert not line.startswith("2026")


def test_a_cell_is_harmless_in_any_grid(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever builds it: as a text or with markup."""
    grid = Table()
    grid.add_column("plain")
    grid.add_row(Text(HOSTILE, "green"))
    grid.add_row(HOSTILE.replace("[", ""))
    console.out.print(grid)
    lines_of(printed(capsys))


@given(ODD, ODD, ODD)
def test_styles_stay_where_they_were(before: str, styled: str, after: str) -> None:
    """Each character that stays has the style it had."""
    text = Text.assemble(before, (styled, "red"), after)
    safe = harmless_text(text)
    assert safe.plain == one_line(text.plain)
    red = "".join(safe.plain[span.start : span.end] for span in safe.spans)
    # At the edges a joiner or a line end of two characters may belong to either side.
    assert red.replace(" ", "") == one_line(styled).replace(" ", "")


@given(st.recursive(ODD, lambda each: st.lists(each, max_size=3) | st.dictionaries(ODD, each, max_size=3)))
def test_json_is_the_same_and_escaped(value: object) -> None:
    """Programs read what there was; on a terminal it does nothing."""
    stream = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        console.as_json_line(value)
        console.as_json(value)
    first, _, rest = stream.getvalue().partition("\n")
    assert not NOT_PLAIN.search(first)
    assert not NOT_PLAIN.search(rest.replace("\n", ""))
    if "\\\\ud83d" not in first:  # half of a pair is no text, and becomes its escape
        assert json.loads(first) == json.loads(rest) == value


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1+1", "'+1+1"),
        ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1+1", "' =1+1"),
        ("\r\n=1+1", "' =1+1"),
        ("\u200b=1+1", "'=1+1"),
        ("＝1+1", "'＝1+1"),
        ("-5", "-5"),
        ("+49.5e3", "+49.5e3"),
        (-5, "-5"),
        (None, ""),
        ("2026-11-25T10:00:00Z", "2026-11-25T10:00:00Z"),
        ("two\nlines", "two lines"),
    ],
)
def test_no_cell_of_csv_is_a_formula(capsys: pytest.CaptureFixture[str], cell: object, shown: str) -> None:
    """A spreadsheet shows it; numbers stay numbers, and a row is one line."""
    print_csv(["name"], [[cell]])
    assert capsys.readouterr().out in {f"name\n{shown}\n", f'name\n"{shown}"\n'}


# What writes past the console: where it is, and why that is right.
ALLOWED = {
    "cli/console/app.py": {"Console"},  # that in the browser
    "cli/ui/console.py": {"Console", "stdout", "stderr"},
    "cli/ui/csv.py": {"stdout", "writer"},
    "cli/ui/pager.py": {"stdout"},  # its encoding
    "cli/ui/streams.py": {"stdout", "stderr"},
}
STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}
FORBIDDEN = {"print", "echo", "secho", "Console", "writer", "DictWriter", *STREAMS}


def test_nothing_prints_past_the_console() -> None:
    """A command that wrote to stdout by itself would be the next hole. A method `print` is the console's."""
    found = {}
    for path in sorted((ROOT / "cli").rglob("*.py")):
        name = str(path.relative_to(ROOT))
        used = set(_written_by(path)) - ALLOWED.get(name, set())
        if used:
            found[name] = used
    assert found == {}


def _written_by(path: Path) -> list[str]:
    tree = ast.parse(path.read_text("utf-8"))
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names.append(node.func.id)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id in {"typer", "csv", "rich"}:
                names.append(node.func.attr)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys":
            names.append(node.attr)
    return [name for name in names if name in FORBIDDEN]


def test_the_console_is_one() -> None:
    """Both of them are safe."""
    assert isinstance(console.out, Safe)
    assert isinstance(console.err, Safe)
