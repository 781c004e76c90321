"""Makes stdin, stdout and stderr usable: they may be closed, or in an encoding that lacks characters."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from twbot.lambdas.text_files import encoding_of

MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}


def open_missing_streams() -> None:
    """Open the null device for each stream that the parent closed: Python leaves None there."""
    # In this order, so that each gets the lowest descriptor, its own: no file of ours must become stdout.
    for name, mode in MODES.items():
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - open to the end


def escape_what_does_not_fit() -> None:
    """Have stdout and stderr escape characters that their encoding lacks: an answer is better than none."""
    # https://docs.python.org/3/library/codecs.html#error-handlers
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def lines_of_stdin() -> Iterator[str]:
    """Yield stdin's lines as they come, in the encoding of its byte order mark; what is no text is replaced."""
    if isinstance(sys.stdin, io.TextIOWrapper) and isinstance(sys.stdin.buffer, io.BufferedReader):
        encoding = encoding_of(sys.stdin.buffer.peek(4)[:4])
        # Without a mark it is UTF-8, whatever the locale says: pipes come from files and other programs.
        sys.stdin.reconfigure(encoding=encoding, errors="replace")
    yield from sys.stdin


def is_terminal() -> bool:
    """Return whether a person reads what is printed: stdout is neither a pipe nor a file."""
    return sys.stdout.isatty()


def flush() -> None:
    """Write what is buffered. Raises OSError where nobody reads it, or it does not fit."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


def give_up_output() -> None:
    """Send what is still buffered nowhere: the interpreter would fail on it at its end."""
    # https://docs.python.org/3/library/signal.html#note-on-sigpipe
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
            continue
        with contextlib.suppress(OSError, ValueError):
            os.dup2(null, stream.fileno())
    os.close(null)
