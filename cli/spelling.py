"""Spells the commands of hints as they can be pasted: `twbot` may not be on the PATH, and a bot's folder was named."""

from __future__ import annotations

import contextvars
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

from twbot.cli.summaries import summaries

NAME = "twbot"
# What --project named on the command line. A variable goes on naming it in the shell where a hint is pasted.
project_option: contextvars.ContextVar[str | None] = contextvars.ContextVar("project_option", default=None)


def pasteable(text: str, *, anywhere: bool = False) -> str:
    """Return a text of ours in which each `twbot COMMAND` can be pasted into the shell that this was called from.

    `anywhere`: in another folder, too.
    """
    if NAME not in text:
        return text
    spelled = this_twbot(anywhere=anywhere)
    commands = rf"(?<![\w./-]){NAME} (?=(?:{'|'.join(summaries())}|--help)\b)"
    return re.sub(commands, lambda _: f"{spelled} ", text)


def this_twbot(*, anywhere: bool = False) -> str:
    """Return how a shell calls this twbot, with the bot's folder where it was named.

    `anywhere`: in another folder, too.
    """
    folder = project_option.get()
    try:
        return program(anywhere=anywhere) + (f" --project {shlex.quote(folder)}" if folder is not None else "")
    except OSError:  # the folder in which this was typed is gone, and so is what it was
        return NAME


def call_as(typed: str, folder: str | None) -> None:
    """Spell commands as the process that started this one does.

    typed: its sys.argv[0]
    folder: its project_option
    """
    sys.argv[0] = typed
    project_option.set(folder)


def program(*, anywhere: bool = False) -> str:
    """Return how a shell calls this very twbot: by its name where the PATH has it, else by its path."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py" and NAME in called.parts:  # python -m twbot, or a process of its own
        called = Path(sys.executable).with_name(NAME)
        if not called.exists():
            return f"{_path(Path(sys.executable), anywhere)} -m {NAME}"
    # A program may call main() by itself.
    return NAME if called.name != NAME or _is_on_path(called) else _path(called, anywhere)


def _is_on_path(script: Path) -> bool:
    found = shutil.which(NAME)
    return found is not None and os.path.realpath(found) == os.path.realpath(script)


def _path(file: Path, anywhere: bool) -> str:
    file, here = file.absolute(), Path.cwd()
    if anywhere or not file.is_relative_to(here):
        return shlex.quote(str(file))
    # A shell looks for a name without a slash on the PATH only.
    return shlex.quote(f"./{file.name}" if file.parent == here else str(file.relative_to(here)))
