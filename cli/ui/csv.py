"""Writes CSV for spreadsheets: each text is one harmless line, and none is a formula."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from twbot.lambdas.plain_text import one_line

# What spreadsheets take for the beginning of a formula, in full width, too:
# https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print the rows, as `write_csv` does."""
    write_csv(sys.stdout, columns, rows)


def write_csv(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write the rows. A text that would be a formula gets an apostrophe before it; numbers stay what they are."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerows([_cell(each) for each in row] for row in (columns, *rows))


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # A tab or a line end before it is a blank by now, and does not help a formula.
    text = one_line(value)
    return f"'{text}" if text.lstrip().startswith(FORMULA) and not _NUMBER.fullmatch(text) else text
