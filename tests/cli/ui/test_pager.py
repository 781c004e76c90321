"""A long answer is shown in a pager: on a terminal only, and only where it does not fit."""

from __future__ import annotations

import contextlib
import shlex
import sys
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from twbot.cli.ui.console import print_line
from twbot.cli.ui.pager import paged

LINES = [f"line {number}" for number in range(30)]


class Keyboard:
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"COLUMNS": "80", "LINES": "20", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    for name in ("TWBOT_PAGER", "PAGER", "LESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stdin", Keyboard())


@pytest.fixture
def pager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pager that writes its options from the environment and its input to this file."""
    taken = tmp_path / "taken"
    code = f"import os, sys; open({str(taken)!r}, 'w').write(os.environ['LESS'] + '\\n' + sys.stdin.read())"
    monkeypatch.setenv("PAGER", shlex.join([sys.executable, "-c", code]))
    return taken


def shown(count: int, *, on_terminal: bool = True) -> list[str]:
    """What reaches stdout of that many lines."""
    with contextlib.redirect_stdout(Terminal() if on_terminal else open_pipe()) as stdout, paged():
        for line in LINES[:count]:
            print_line(line)
    return stdout.getvalue().splitlines()


def open_pipe() -> Terminal:
    pipe = Terminal()
    pipe.isatty = lambda: False  # type: ignore[method-assign]
    return pipe


def test_what_does_not_fit_is_shown_by_the_pager(pager: Path) -> None:
    """All of it; less leaves it on the terminal, with its colours."""
    assert shown(30) == []
    assert pager.read_text().splitlines() == ["FRX", *LINES]


def test_one_s_own_choice_of_less_stays(pager: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LESS is not ours to change."""
    monkeypatch.setenv("LESS", "S")
    shown(30)
    assert pager.read_text().splitlines()[0] == "S"


@pytest.mark.parametrize("count", [0, 1, 19])
def test_what_fits_is_printed(pager: Path, count: int) -> None:
    """With the prompt below it."""
    assert shown(count) == LINES[:count]
    assert not pager.exists()


def test_lines_that_the_terminal_breaks_count_more(pager: Path) -> None:
    """Ten of three rows each fill it."""
    with contextlib.redirect_stdout(Terminal()) as stdout, paged():
        for _ in range(10):
            print_line("x" * 161)
    assert stdout.getvalue() == ""
    assert len(pager.read_text().splitlines()) == 11


def test_a_pipe_has_no_pager(pager: Path) -> None:
    """Whatever its length."""
    assert shown(30, on_terminal=False) == LINES
    assert not pager.exists()


@pytest.mark.parametrize("name", ["", "cat", "/there/is/no/such/pager", "false 'open"])
def test_without_a_pager_it_is_printed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Where nobody wants one, or it is not there; `less` takes the place of one whose name can't be read."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("TWBOT_PAGER", name)
    assert shown(30) == LINES


def test_what_was_printed_before_an_error_is_printed(pager: Path) -> None:
    """It says how far a command came."""

    def fail() -> None:
        with paged():
            print_line("before")
            raise ZeroDivisionError

    with contextlib.redirect_stdout(Terminal()) as stdout, pytest.raises(ZeroDivisionError):
        fail()
    assert stdout.getvalue() == "before\n"
