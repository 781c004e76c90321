"""Types command lines at a pseudo-terminal, and keeps what they print, with its colours and times."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import NamedTuple

from rich.text import Text

COLUMNS, LINES = 80, 24
# Rich draws a spinner's line anew from its beginning, and hides the cursor meanwhile.
_AGAIN = re.compile(r"\r(?!\n)(?:\x1b\[2K)?")
_CURSOR = re.compile(r"\x1b\[\?25[hl]")
_UP = "\x1b[1A\x1b[2K"


class Line(NamedTuple):
    after: float
    """Seconds from the command's start to the line's end."""
    text: Text


class Printed(NamedTuple):
    typed: str
    """The command line."""
    code: int
    """Its exit code."""
    lines: list[Line]

    @property
    def plain(self) -> str:
        return "\n".join(line.text.plain.rstrip() for line in self.lines).strip("\n")


class Terminal:
    """A terminal of 80 columns in a folder, with this Python's `twbot` on its PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TWBOT_", "AWS_"))}
        path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
        self._environment = kept | {"PATH": path, "TERM": "xterm-256color", "LANG": "C.UTF-8", "TZ": "UTC"}
        # Nobody is there to turn pages.
        self._environment["TWBOT_PAGER"] = "cat"
        for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"):
            self._environment.pop(name, None)

    def type(self, line: str) -> Printed:
        """Type a command line, wait until it has ended, and return what it printed."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        begun = time.monotonic()
        with subprocess.Popen(  # noqa: S603, RUF100
            ["/bin/sh", "-c", line],
            cwd=self.folder,
            env=self._environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as process:
            os.close(theirs)
            lines = _lines(ours, begun)
            os.close(ours)
        return Printed(line, process.returncode, lines)


def _lines(terminal: int, begun: float) -> list[Line]:
    """Return the lines as they stand in the end; what was drawn over or taken away is gone."""
    found, rest = list[Line](), b""
    while chunk := _read(terminal):
        *complete, rest = (rest + chunk).split(b"\n")
        for each in complete:
            _add(found, each, time.monotonic() - begun)
    if rest:
        _add(found, rest, time.monotonic() - begun)
    return found


def _add(lines: list[Line], line: bytes, after: float) -> None:
    text = _CURSOR.sub("", line.decode("utf-8", "replace"))
    if ups := text.count(_UP):
        # Rich takes a spinner away by going up to its line and erasing it.
        del lines[-ups:]
        text = text.rpartition(_UP)[2]
    if text or not ups:
        lines.append(Line(after, Text.from_ansi(_AGAIN.split(text.removesuffix("\r"))[-1])))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's way to say that the other end is closed
        return b""
