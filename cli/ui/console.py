"""Renders the results of all commands: tables for people (Rich), or JSON for programs.

Results go to stdout; progress, prompts and errors go to stderr.
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

# Control characters, which terminals obey, and bidirectional controls, which reorder the text after them: anybody may
# put them into a post. https://www.unicode.org/reports/tr9/
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Safe(Console):
    """A console that replaces control characters in everything it prints, except Rich's own."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=harmless(segment.text))


def harmless(text: str) -> str:
    """Replace control characters. Tables need it before Rich measures the width of their cells."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


out = Safe(highlight=False)
err = Safe(stderr=True, highlight=False)


def as_json(result: object) -> None:
    """Print one JSON document."""
    print_line(_escaped(msgspec.json.format(msgspec.json.encode(result), indent=2).decode()))


def as_json_line(result: object) -> None:
    """Print one line of a JSON stream and flush it."""
    print_line(_escaped(msgspec.json.encode(result).decode()))


def _escaped(json: str) -> str:
    """Return the same JSON with control characters escaped."""
    # JSON requires the escape below U+0020 only: https://www.rfc-editor.org/rfc/rfc8259#section-7
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", json)


def print_line(text: str) -> None:
    """Print a line as it is, without Rich, and flush it: whoever reads a pipe gets it at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """Print a table for people. Cells are data, never markup; long ones fold onto several lines."""
    grid = Table(
        *(Column(name, overflow="fold") for name in columns), title=title, title_justify="left", header_style="bold"
    )
    for row in rows:
        grid.add_row(*(Text("" if cell is None else harmless(str(cell))) for cell in row))
    out.print(grid)


def say(message: str) -> None:
    """Print a message for people to stderr."""
    err.print(Text(message), soft_wrap=True)
