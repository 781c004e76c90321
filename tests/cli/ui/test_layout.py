"""What is copied from a terminal is whole, at any width; free text gives way."""

from __future__ import annotations

import contextlib
import io
import os
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from tests.support.terminal import Terminal
from twbot.cli.ui import console
from twbot.cli.ui.figures import Cell, money_text, number_text, percent_text
from twbot.cli.ui.layout import MIN_TEXT, Column, Fact, fact_lines, wrapped

ID, ADDRESS = "2125801835557027840", "https://abc.execute-api.eu-west-1.amazonaws.com/prod/twitter"
TOKENS = st.sampled_from([ID, ADDRESS, "/var/lib/twbot/data/replies/1.jpg", "send-tweets", "2026-11-26 04:00:27", ""])
WORDS = st.text(st.sampled_from("ab 漢字…\t\n"), max_size=300)
WIDTHS = st.sampled_from([40, 80, 200])


def printed(width: int | None, show: Any) -> list[str]:
    """The lines on a terminal of this width; in a pipe where it is None."""
    with (
        mock.patch.dict(os.environ, {"COLUMNS": str(width or 40), "LINES": "24", "TERM": "xterm"}),
        contextlib.redirect_stdout(Terminal() if width else io.StringIO()) as shown,
    ):
        show()
    lines = shown.getvalue().split("\n")
    assert lines.pop() == ""
    return [Text.from_ansi(line).plain for line in lines] if width else lines


@given(st.lists(st.tuples(TOKENS, WORDS, TOKENS, WORDS), min_size=1, max_size=4), WIDTHS)
def test_whole_cells_are_in_one_line(rows: list[tuple[str, ...]], width: int) -> None:
    """At any width, whatever the texts beside them; and nothing else makes a line longer than the terminal."""
    columns = ["one", Column("text", gives_way=True), "other", Column("more", gives_way=True, spare=True)]
    lines = printed(width, lambda: console.table(columns, rows))
    for row in rows:
        for cell in (row[0], row[2]):
            assert any(cell in line for line in lines)
    for line in lines:
        longest = max(cell_len(cell) for row in rows for cell in (row[0], row[2]))
        assert cell_len(line) <= max(width, 3 * width if line.startswith(("text:", "more:")) else 0, longest + 7)


@given(st.lists(st.tuples(TOKENS, WORDS, st.integers(), st.floats(allow_nan=False)), max_size=4))
def test_a_pipe_gets_a_line_for_each_record(rows: list[tuple[Any, ...]]) -> None:
    """After that of the headings; its cells are separated by tabs, whole, and hold none. What is drawn is not there."""
    columns = ["one", Column("text", gives_way=True), "count", "number", Column("chart", drawn=True)]
    lines = printed(None, lambda: console.table(columns, [(*row, "█") for row in rows], title="a title"))
    assert lines[0] == "one\ttext\tcount\tnumber"
    for line, row in zip(lines[1:], rows, strict=True):
        name, text, count, number = line.split("\t")
        assert (name, int(count), float(number)) == (row[0], row[2], row[3])
        assert len(text.split()) == len(row[1].split())


def test_what_is_wider_than_the_terminal_becomes_records() -> None:
    """Name and value, a line each, which the terminal breaks; empty ones are left out."""
    rows = [(ID, ADDRESS, None), (ID, "", "x")]
    lines = printed(40, lambda: console.table(["id", "address", "error"], rows))
    assert lines == [f"id: {ID}", f"address: {ADDRESS}", "", f"id: {ID}", "error: x"]


def test_a_short_text_beside_a_long_one_keeps_its_words() -> None:
    """The longest gives way first; none has less than it needs to say something."""
    columns = ["id", Column("a", gives_way=True), Column("b", gives_way=True)]
    (_, line) = printed(100, lambda: console.table(columns, [(ID, "a" * 30, "b" * 500)]))
    assert "a" * 30 in line
    assert line.endswith("b…")
    assert MIN_TEXT < line.count("b") < 100


def test_an_empty_table_says_so_beside_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    """A program reads the headings, a person the words."""
    assert printed(None, lambda: console.table(["id"], [], none="Nothing.")) == ["id"]
    assert capsys.readouterr().err == "Nothing.\n"
    assert printed(80, lambda: console.table(["id"], [], none="Nothing.")) == ["Nothing."]


@pytest.mark.parametrize("forced", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_a_pipe_with_colours_is_a_pipe(monkeypatch: pytest.MonkeyPatch, forced: str) -> None:
    """Continuous integration forces colours; what reads the pipe still gets tabs."""
    monkeypatch.setenv(forced, "1")
    assert printed(None, lambda: console.table(["id", "b"], [(ID, "x")])) == ["id\tb", f"{ID}\tx"]


@given(st.lists(st.sampled_from(["paused since", "2026-11-26 04:00:27Z.", ADDRESS, "by somebody"])), WIDTHS)
def test_sentences_break_between_words(parts: list[str], width: int) -> None:
    """Never within a time, an address or a command, which goes on to the end; nothing is lost."""
    command = "twbot replies resume --data /a/long/path/of/a/folder --stage prod"
    sentence = " ".join([*parts, "Go on with:", command])
    lines = wrapped(sentence, width)
    assert " ".join(lines) == sentence
    assert lines[-1].endswith(command)
    for whole in ("2026-11-26 04:00:27Z.", ADDRESS):
        assert sum(line.count(whole) for line in lines) == parts.count(whole)
    for line in lines:
        assert cell_len(line) <= width or line in (ADDRESS, command)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_facts_keep_addresses_and_charts_in_a_line(width: int) -> None:
    """Beside their names where there is room, else below them; a chart is not broken."""
    chart = "▁ " * 15
    facts = [Fact("bot", f"runs at {ADDRESS}"), Fact("", ADDRESS), Fact("messages", "4 in the last hour", "", chart)]
    lines = [line.plain for line in fact_lines(facts, width)]
    assert sum(ADDRESS in line for line in lines) == 2
    assert any(chart in line for line in lines)
    assert any("4 in the last hour" in line for line in lines)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *[(0.9944625634604781, "0.994"), (12.345, "12.3"), (1234.5, "1,234"), (0.0000123456, "0.0000123"), (0.0, "0")],
        *[(1e-9, "0.000000001"), (5.0, "5"), (-0.5, "-0.5"), (100.0, "100"), (99.96, "100"), (float("inf"), "inf")],
    ],
)
def test_numbers_have_three_digits_for_people(number: float, text: str) -> None:
    """And never an exponent."""
    assert number_text(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_a_number_is_near_what_is_shown(number: float) -> None:
    """Within half of its third digit."""
    text = number_text(number)
    assert "e" not in text
    assert float(text.replace(",", "")) == pytest.approx(number, rel=0.0051, abs=1e-300)


def test_money_and_shares() -> None:
    """To the hundredth; what is less than that is not shown as nothing."""
    amounts = (1234.567, 0, 0.00042, 0.0099)
    assert [money_text(amount) for amount in amounts] == ["1,234.57", "0.00", "0.00042", "0.0099"]
    assert [percent_text(share) for share in (0.9944, 1, 0.12, 0, 0.0001)] == [
        "99.4%",
        "100%",
        "12%",
        "0%",
        "under 0.1%",
    ]


def test_counts_are_grouped_and_ids_are_not() -> None:
    """An id is a text. A cell may be one thing for people and another for programs."""
    rows = [("1234567", 1234567, 0.98765, Cell("2026", "this year"))]
    assert printed(80, lambda: console.table(["id", "count", "share", "when"], rows))[1].split("  ") == [
        "1234567",
        "1,234,567",
        "0.988",
        "this year",
    ]
    assert printed(None, lambda: console.table(["id", "count", "share", "when"], rows))[1] == (
        "1234567\t1234567\t0.98765\t2026"
    )
