"""The one place where a command's result becomes text: for people (Rich, on stdout) or for programs (JSON).

stdout is the answer; progress, prompts and errors go to stderr.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Column, Table
from rich.text import Text

# What would command a terminal, or turn the direction of what follows: anybody may post it.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Safe(Console):
    """A console on which no text does anything but be read."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=harmless(segment.text))


def harmless(text: str) -> str:
    """As it can be shown; where its width counts, as in a table, this comes first."""
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text)


out = Safe(highlight=False)
err = Safe(stderr=True, highlight=False)


def as_json(result: object) -> None:
    """Print one JSON document."""
    print_line(_escaped(msgspec.json.format(msgspec.json.encode(result), indent=2).decode()))


def as_json_line(result: object) -> None:
    """Print one line of a JSON stream, at once."""
    print_line(_escaped(msgspec.json.encode(result).decode()))


def _escaped(json: str) -> str:
    """The same JSON, without what a terminal would obey: JSON itself asks only for some of it."""
    return _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", json)


def print_line(text: str) -> None:
    """Print text untouched by Rich, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """Print a table for people. Cells are data, never markup; what is too long folds, nothing is lost."""
    grid = Table(
        *(Column(name, overflow="fold") for name in columns), title=title, title_justify="left", header_style="bold"
    )
    for row in rows:
        grid.add_row(*(Text("" if cell is None else harmless(str(cell))) for cell in row))
    out.print(grid)


def say(message: str) -> None:
    """Tell the person something that is not the answer; on stderr."""
    err.print(Text(message), soft_wrap=True)
