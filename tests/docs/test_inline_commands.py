"""What the pages name within their text is there: commands, options, variables and files."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.support.pages import BLOCKS, PAGES, prose
from tests.support.paths import ROOT
from twbot.cli.main import app

QUOTED = {path.relative_to(ROOT).as_posix(): re.findall(r"`([^`]+)`", prose(path).replace("\n", " ")) for path in PAGES}
# Options of other programs, which the pages name beside ours.
OF_OTHERS = {"--volume"}
# Variables that something else than the commands reads: hatch_build.py.
OF_THE_BUILD = {"TWBOT_REPOSITORY_URL"}
# Between processes of ours; nobody sets them.
VARIABLE = re.compile(r"\bTWBOT_[A-Z_]+\b")


def root() -> Any:
    return typer.main.get_command(app)


def options(command: Any) -> set[str]:
    """The spellings of the options of a command and of all that are below it."""
    own = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    return own.union({"--help"}, *map(options, getattr(command, "commands", {}).values()))


@pytest.mark.parametrize(
    ("page", "line"),
    [(page, line) for page, lines in QUOTED.items() for line in lines if re.match(r"twbot [^…|]+$", line)],
)
def test_a_command_in_a_text_is_there(page: str, line: str) -> None:
    """And each of its options. What it works on may be left out."""
    command, arguments = root(), shlex.split(line)[1:]
    while arguments and (child := getattr(command, "commands", {}).get(arguments[0])):
        command, arguments = child, arguments[1:]
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
    assert {word for word in arguments if re.match("-{1,2}[a-z]", word)} <= known
    assert not getattr(command, "commands", None) or command.invoke_without_command or set(arguments) <= known


def test_an_option_in_a_text_is_one_of_a_command() -> None:
    """Where it stands alone."""
    named = {
        (page, word) for page, quoted in QUOTED.items() for each in quoted for word in re.findall(r"^--[a-z-]+", each)
    }
    known = options(root()) | OF_OTHERS
    assert not [each for each in sorted(named) if each[1] not in known]


def variables(*folders: str) -> set[str]:
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return {name for path in files for name in VARIABLE.findall(path.read_text("utf-8"))}


def test_a_variable_in_a_page_is_one_that_is_read() -> None:
    """In a text or in a block."""
    texts = [*(path.read_text("utf-8") for path in PAGES), *(block.text for block in BLOCKS)]
    known = variables("cli", "lambdas", "local", "stacks", "src") | OF_THE_BUILD
    assert {name for text in texts for name in VARIABLE.findall(text)} <= known


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_target_of_make_in_a_text_is_there(path: Path) -> None:
    """In the Makefile."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = {
        name for each in QUOTED[path.relative_to(ROOT).as_posix()] for name in re.findall(r"^make ([a-z-]+)", each)
    }
    assert not [name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)]
