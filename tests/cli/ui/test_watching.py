"""--watch: shows what was read until Ctrl-C or the end, on a screen of its own or frame after frame."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from rich.text import Text

from tests.support.terminal import Terminal
from twbot.cli.ui import watching
from twbot.cli.ui.console import print_line
from twbot.cli.ui.watching import go_on
from twbot.lambdas.errors import TwbotError


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "REDRAW_INTERVAL", 0.001)
    monkeypatch.setattr(watching, "LOOK_INTERVAL", 0.001)
    for name, value in {"COLUMNS": "40", "LINES": "5", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)


def watched(values: list[Any], *, to: io.StringIO, is_json: bool = False, ended: Any = "end") -> str:
    """What is printed of these values, read one after the other; an exception is raised when its turn comes."""
    left: Iterator[Any] = iter(values)

    def look() -> Any:
        value = next(left, ended)
        if isinstance(value, Exception):
            raise value
        return value

    with contextlib.redirect_stdout(to):
        go_on(look, print_line, lambda value: value, every=0.001, json=is_json, ended=lambda value: value == ended)
    return to.getvalue()


def test_the_last_frame_stays() -> None:
    """Below what was there: the others were on a screen of their own, which is gone."""
    shown = watched(["one", "two"], to=Terminal())
    entered, left = shown.index("\x1b[?1049h"), shown.index("\x1b[?1049l")
    assert entered < left
    assert Text.from_ansi(shown[left:]).plain.strip().endswith("end")


def test_a_screen_shows_what_it_has_room_for() -> None:
    """The first rows; a line that the terminal breaks takes several."""
    lines = [line.plain for line in [Text("x" * 81), Text("second"), Text("third"), Text("fourth")]]
    assert list(watching._beginning(lines)) == [*lines[:3]]


def test_a_pipe_gets_what_changed() -> None:
    """Nothing that moves a cursor."""
    shown = watched(["one"] * 3, to=io.StringIO())
    assert "\x1b" not in shown
    assert shown.splitlines()[-1] == "end"


def test_a_line_of_json_for_each_read_to_the_end() -> None:
    """A read that failed is one, too, and does not end it."""
    lines = [
        json.loads(line)
        for line in watched(["a", TwbotError("throttled")], to=io.StringIO(), is_json=True).splitlines()
    ]
    assert lines[-1] == "end"
    assert all(line in ("a", "end") or "throttled" in line["problem"] for line in lines)


def test_ctrl_c_ends_it_well() -> None:
    """With 0, and the terminal as it was."""

    def interrupted(_: Any) -> None:
        raise KeyboardInterrupt

    with contextlib.redirect_stdout(Terminal()) as shown, pytest.raises(typer.Exit) as end:
        go_on(lambda: "a", interrupted, lambda value: value, every=0.001, json=False)
    assert end.value.exit_code == 0
    assert shown.getvalue().rstrip().endswith("\x1b[?25h")
