"""`make recording`: what docs/ shows of a session is what the commands printed."""

from __future__ import annotations

import re
import shlex
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from rich.text import Text

from docs.drawing import BEGIN, END, LOOKING, MAX_WAIT, READING, TYPING, Scene, film, picture
from docs.outputs import OUTPUTS
from docs.record import COMMANDS, MAX_LINES, PICTURES, SESSION, UP, name_of, output_of
from docs.terminal import COLUMNS, Line, Printed, Terminal
from tests.support.commands import COMMANDS as ALL
from tests.support.paths import PICTURES as PHOTOS

SVG = "{http://www.w3.org/2000/svg}"
SHOWN = sorted(PICTURES.glob("*.svg"))
TYPED = [*SESSION, *COMMANDS, UP, "twbot down"]


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        (r"printf 'one\ntwo\n'", ["one", "two"]),
        (r"printf 'one'", ["one"]),
        (r"printf 'one\n\ntwo\n'", ["one", "", "two"]),
        (r"printf '\r\033[2K. waiting\r\033[2K: waiting\r\033[2Kdone\n'", ["done"]),
        (r"printf '. waiting\r\n\033[1A\033[2Kdone\n'", ["done"]),
        (r"printf 'before\n. waiting\r\n\033[1A\033[2K\033[?25h'; printf 'after\n'", ["before", "after"]),
        ("test -t 0 && test -t 1 && test -t 2 && stty size && echo ${COLUMNS-none}", ["24 80", "none"]),
        ("twbot --version | grep -c Python", ["1"]),
    ],
)
def test_lines_are_kept_as_they_stand_in_the_end(command: str, lines: list[str], tmp_path: Path) -> None:
    """On a terminal of 80 columns with this Python's twbot, whatever the environment has; a spinner leaves nothing."""
    assert Terminal(tmp_path).type(command).plain.splitlines() == lines


def test_colours_and_the_exit_code_are_kept(tmp_path: Path) -> None:
    """A line is Rich's text, with the styles that the terminal would show."""
    printed = Terminal(tmp_path).type(r"printf 'a \033[1;31mred\033[0m word\n'; exit 3")
    (line,) = printed.lines
    assert printed.code == 3
    assert line.text.plain == "a red word"
    assert [(span.start, span.end) for span in line.text.spans] == [(2, 5)]


def printed(*lines: str, after: float = 0.1) -> Printed:
    return Printed("twbot x", 0, [Line(after * (at + 1), Text(line)) for at, line in enumerate(lines)])


def texts(svg: str) -> list[str]:
    return [found.text or "" for found in ET.fromstring(svg).iter(f"{SVG}text")]


def test_a_picture_has_every_line_and_no_more() -> None:
    """Texts are escaped, lines longer than the terminal go on below, blanks at the end are left out."""
    long = "x" * COLUMNS + "y" * 5
    assert texts(picture([printed('<b> & "c"', "", long, "end   ")], "t")) == [
        *("$ ", "twbot x", '<b> & "c"', "x" * COLUMNS, "y" * 5, "end"),
    ]


def test_a_film_shows_lines_when_they_came_and_shortens_waits() -> None:
    """Each row appears once, in its order, and the film lasts as long as typing, waiting and reading take."""
    scenes = [Scene(printed("a", "b", after=60.0)), Scene(printed("c"), PHOTOS / "celebrity.jpg")]
    svg = film(scenes, "t")
    seconds = float(re.findall(r"animation-duration:([\d.]+)s", svg)[0])
    waits = 2 * MAX_WAIT + 0.1
    assert seconds == pytest.approx(BEGIN + 2 * (7 * TYPING + 0.3 + READING) + waits + LOOKING + END, abs=0.06)
    shares = [float(each) for each in re.findall(r"@keyframes r\d+\{0%\{visibility:hidden\}([\d.]+)%", svg)]
    assert shares == sorted(shares)
    assert len(shares) == len(ET.fromstring(svg).findall(f".//{SVG}g[@class]")) - len(["all", "t", "t", "p"])
    assert "prefers-reduced-motion" in svg


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.name)
def test_a_picture_loads_and_runs_nothing(path: Path) -> None:
    """It is well-formed, says what it shows, is small, and has no script and no address but that of SVG itself."""
    text = path.read_text("utf-8")
    root = ET.fromstring(text)
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert len(text) < 150_000
    assert not {each.tag for each in root.iter()} & {f"{SVG}script", f"{SVG}foreignObject"}
    assert set(re.findall(r"https?://[\w.]+", text)) <= {"http://www.w3.org", "http://127.0.0.1"}


def test_a_page_shows_each_picture() -> None:
    """None is left over from before."""
    root = PICTURES.parents[1]
    text = "".join(path.read_text("utf-8") for path in (root / "README.md", *(root / "docs").rglob("*.md")))
    assert not [path.name for path in SHOWN if f"pictures/{path.name})" not in text]


@pytest.mark.parametrize("line", TYPED)
def test_what_is_recorded_is_a_command(line: str) -> None:
    """That there is, under the name of its page."""
    assert shlex.split(line)[0] == "twbot"
    assert name_of(Printed(line, 0, [])) in ALL


def test_the_pages_show_what_was_recorded() -> None:
    """Of commands that there are; each was typed by the script, and none of it names the machine."""
    typed = {re.sub(r"\d{15,}", "{post}", each.typed) for each in OUTPUTS.values()}
    assert typed <= {re.sub(r"\d{15,}", "{post}", line) for line in TYPED}
    assert set(OUTPUTS) <= set(ALL)
    assert not [
        name for name, each in OUTPUTS.items() if re.search(r"/tmp|/root|/home|/work|token=|Traceback", each.printed)
    ]


def test_a_long_output_is_cut_and_says_so() -> None:
    """Fewer lines are shown whole."""
    lines = [str(at) for at in range(MAX_LINES + 1)]
    assert output_of(printed(*lines)).printed.splitlines()[-2:] == [str(MAX_LINES - 2), "… 2 more lines"]
    assert output_of(printed(*lines[:-1])).printed.splitlines() == lines[:-1]
