"""Lays out tables and lists for a terminal of any width: what is copied stays whole, and free text gives way to it.

See docs/decisions/0034-what-is-copied-stays-whole.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

GAP = 2  # columns between two of a table
MIN_TEXT = 20  # columns that free text keeps in a table: in less of them it says nothing
MAX_LINES = 3  # of a free text in a record
MIN_BESIDE = 40  # columns for values beside their names
# A command goes on to the end of its text; a time is two words.
_WHOLE = re.compile(r"(?:\S*/)?twbot .*|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S*|\S+", re.ASCII)


class Column(str):
    """The heading of a column, and what becomes of its cells where the terminal is narrow. By default they stay whole.

    `gives_way`: free text, which is clipped. `spare`: left out. `drawn`: for eyes alone, so it is not in a pipe.
    """

    def __new__(cls, name: str, *, gives_way: bool = False, spare: bool = False, drawn: bool = False) -> Column:
        column = super().__new__(cls, name)
        column.gives_way, column.spare, column.drawn = gives_way, spare or drawn, drawn
        return column

    gives_way: bool
    spare: bool
    drawn: bool


class Fact(NamedTuple):
    """A line of what is known of one thing."""

    name: str
    """Empty for one that goes on with the fact above."""
    says: str
    style: str = ""
    drawing: str = ""
    """A chart before the words, for eyes alone."""


def fitted(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> dict[int, int] | None:
    """Return the widths of the columns that are shown, by their index; None where not even the whole cells fit."""
    natural = [max(cell_len(column), *(cell_len(row[at]) for row in rows)) for at, column in enumerate(columns)]
    shown = dict(enumerate(natural))
    least = {at: min(wide, MIN_TEXT) if columns[at].gives_way else wide for at, wide in shown.items()}
    spare = [at for at in shown if columns[at].spare]
    while sum(least[at] for at in shown) + GAP * (len(shown) - 1) > width:
        if not spare:
            return None
        del shown[spare.pop()]
    text = [at for at in shown if columns[at].gives_way]
    too_wide = sum(shown.values()) + GAP * (len(shown) - 1) - width
    # The widest first: a short text beside a long one keeps its words.
    for at in sorted(text, key=lambda each: shown[each]):
        share = (sum(shown[each] for each in text) - too_wide) // len(text)
        shown[at], before = max(least[at], min(shown[at], share)), shown[at]
        too_wide -= before - shown[at]
        text.remove(at)
    return shown


def rows_of(line: str, width: int) -> int:
    """Return how many rows of a terminal a printed line takes, its control codes aside."""
    return max(1, -(-cell_len(Text.from_ansi(line).plain) // width))


def clipped(text: str, width: int) -> str:
    """Return the beginning of a text that fits, with an ellipsis where something is missing."""
    shown = Text(text)
    shown.truncate(max(width, 1), overflow="ellipsis")
    return shown.plain


def record(columns: Sequence[Column], row: Sequence[str], width: int) -> Iterator[tuple[str, str]]:
    """Yield (name, value) of each cell that is not empty; of free text the first lines."""
    for column, cell in zip(columns, row, strict=True):
        if cell and not column.drawn:
            room = width * MAX_LINES - cell_len(f"{column}: ")
            yield column, clipped(cell, room) if column.gives_way else cell


def wrapped(text: str, width: int) -> list[str]:
    """Break a sentence into lines between its words. Commands, times and what is longer than a line stay whole."""
    lines = [""]
    for word in _WHOLE.findall(text):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def fact_lines(facts: Sequence[Fact], width: int) -> Iterator[Text]:
    """Yield the lines of facts: names and values side by side where there is room, else the values below them."""
    names = max((cell_len(each.name) for each in facts), default=0) + GAP
    beside = width - names >= MIN_BESIDE
    indent = " " * (names if beside else GAP)
    for each in facts:
        lines = [*([each.drawing] if each.drawing else []), *wrapped(each.says, width - len(indent))]
        if each.drawing and beside and cell_len(joined := f"{each.drawing}  {lines[1]}") <= width - len(indent):
            lines[:2] = [joined]
        if beside:
            yield Text.assemble((each.name.ljust(names), "bold"), (lines.pop(0), each.style))
        elif each.name:
            yield Text(each.name, "bold")
        yield from (Text(_placed(line, indent, width), each.style) for line in lines)


def _placed(line: str, indent: str, width: int) -> str:
    """Return an indented line; one that is longer than the terminal begins at its edge, so that it is copied whole."""
    return indent + line if cell_len(line) <= width - len(indent) else line
