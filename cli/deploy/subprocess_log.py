"""Runs a command as a child process: reads its output line by line, logs it, and stops it on Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from twbot.local.private_files import open_private

# Seconds for the child to end after a signal.
STOP_TIMEOUT = 10.0
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# Neither the CDK command nor our app prints credentials. Should anything that they run do so, the log hides them:
# user:password in URLs, and the ids of access keys.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_KEYS = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")


class Ended(NamedTuple):
    """The result of a command."""

    code: int
    """The exit code."""
    lines: list[str]
    """stdout and stderr, in the order in which they were written."""


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    each: Callable[[str], None] = lambda _: None,
) -> Ended:
    """Run the command to its end; `each` receives every line of stdout and stderr as it arrives.

    Ctrl-C, and any error in `each`, ends the command's whole process group and is raised again.
    """
    lines: list[str] = []
    with private(log) as log_file, _started(command, environment) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                lines.append(_clean(line))
                log_file.write(lines[-1] + "\n")
                log_file.flush()  # the log is read while the command runs, and complete if we are killed
                each(lines[-1])
            return Ended(process.wait(), lines)
        except BaseException:  # KeyboardInterrupt, too
            _stop(process)
            raise


def private(log: Path) -> TextIO:
    """Open a log for appending that only its owner may read."""
    # mkdir applies the mode to the last folder only: https://docs.python.org/3/library/pathlib.html#pathlib.Path.mkdir
    for folder in (log.parent.parent, log.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(open_private(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), "w", encoding="utf-8")


def _started(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    # A session of its own: the terminal's Ctrl-C does not reach the child, it gets exactly one SIGINT, from us.
    # https://docs.python.org/3/library/subprocess.html#subprocess.Popen
    return subprocess.Popen(  # noqa: S603 - our own command
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        # Lambda runs as another user than the owner of a bundle's files, and must be able to read them.
        umask=0o022,
    )


def _stop(process: subprocess.Popen[str]) -> None:
    """Send SIGINT to the process group, and SIGKILL if it has not ended after STOP_TIMEOUT."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        # A second Ctrl-C does not wait any longer.
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(STOP_TIMEOUT)
            return


def _clean(line: str) -> str:
    return _KEYS.sub("[hidden]", _COLOURS.sub("", line)).rstrip()
