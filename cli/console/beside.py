"""The console beside a running bot: a process of its own, so that no page can hold up or end the bot."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from twbot.cli.spelling import project_option
from twbot.local.child_python import import_path, python

STOP_SECONDS = 5.0


class Beside:
    """The process of the console on a data folder. It ends with this process, however that ends."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def address(self) -> str | None:
        """Wait until the console can be opened, and return its address with the token; None where it did not start."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip() or None


@contextlib.contextmanager
def console_beside(folder: Path) -> Iterator[Beside]:
    """Run the console on a data folder meanwhile."""
    import os

    project = project_option.get()
    process = subprocess.Popen(  # noqa: S603 - our own command
        python("-m", "twbot.cli.console", str(folder), sys.argv[0], *([project] if project is not None else [])),
        stdin=subprocess.PIPE,  # its end tells the console to end
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # the terminal's Ctrl-C is for the bot, which finishes first
        env={**os.environ, "PYTHONPATH": import_path()},
    )
    try:
        yield Beside(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
