"""A terminal of any width, in whose place stdout is while a command runs."""

from __future__ import annotations

import contextlib
import io
import os
from unittest import mock

from rich.text import Text

from twbot.cli.main import run


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        return True


def on_terminal(*arguments: str, width: int = 80, height: int = 1000) -> str:
    """Run a command, and return what it shows, without colours. Its exit code must be 0."""
    as_there = {"COLUMNS": str(width), "LINES": str(height), "TERM": "xterm", "TWBOT_PAGER": ""}
    with mock.patch.dict(os.environ, as_there), contextlib.redirect_stdout(Terminal()) as shown:
        code = run([*arguments])
    assert code == 0, shown.getvalue()
    return "\n".join(Text.from_ansi(line).plain for line in shown.getvalue().splitlines())
