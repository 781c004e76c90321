"""Writes a table as Markdown, for issues and wikis: each text is one line, and none is markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from twbot.cli.ui.console import print_line
from twbot.lambdas.plain_text import one_line

# What begins markup or HTML within a line, and what ends a cell.
# https://github.github.com/gfm/#backslash-escapes
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def print_markdown(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table of GitHub Flavored Markdown: https://github.github.com/gfm/#tables-extension-"""
    print_line(_row(columns))
    print_line(_row("---" for _ in columns))
    for row in rows:
        print_line(_row(row))


def _row(cells: Iterable[Any]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(value: Any) -> str:
    if not isinstance(value, str):
        return "" if value is None else str(value)
    return _MARKUP.sub(r"\\\1", one_line(value))
