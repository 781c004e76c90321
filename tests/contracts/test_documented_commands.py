"""What the documentation tells people to type can be typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.support.paths import ROOT
from twbot.cli.main import app

# docs/commands/ has the examples of the help, which are run; a decision is history.
DOCS = [*sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "how-to").glob("*.md"))]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS]
SEPARATORS = {"&&", "||", "|", ";", ">"}


def typed(page: Path) -> Iterator[str]:
    """The command lines in a page's blocks of shell, and those within its text."""
    text = page.read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    yield from (
        line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines() if "twbot " in line
    )
    yield from re.findall(r"`(twbot [^`…|]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL).replace("\n", " "))


TYPED = [(page.name, line) for page in PAGES for line in typed(page)]


@pytest.mark.parametrize(("page", "line"), TYPED)
def test_it_can_be_typed(page: str, line: str) -> None:
    """The command is there, and each option of it."""
    for words in parts(shlex.split(line, comments=True)):
        if words[:1] != ["twbot"]:
            continue
        command: Any = typer.main.get_command(app)
        arguments = words[1:]
        while arguments and (child := getattr(command, "commands", {}).get(arguments[0])):
            command, arguments = child, arguments[1:]
        known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
        assert {word for word in arguments if re.match("-{1,2}[a-z]", word)} <= known
        assert not getattr(command, "commands", None) or command.invoke_without_command or set(arguments) <= known


def parts(words: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if word in SEPARATORS:
            yield part
            part = []
        else:
            part.append(word)
    yield part
