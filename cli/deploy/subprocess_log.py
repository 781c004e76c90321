"""A command as a process of its own: read line by line, logged, and ended properly when the person stops it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

STOP_TIMEOUT = 10.0
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# Neither the CDK command nor our app prints credentials. Should anything it runs do so, the log does not keep them.
_KEYS = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")


class Ended(NamedTuple):
    code: int
    lines: list[str]


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    each: Callable[[str], None] = lambda _: None,
) -> Ended:
    """Run it to its end, `each` line of stdout and stderr as it comes. Ctrl-C ends its whole group, then is raised."""
    lines: list[str] = []
    with private(log) as written, _started(command, environment) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                lines.append(_clean(line))
                written.write(lines[-1] + "\n")
                written.flush()
                each(lines[-1])
            return Ended(process.wait(), lines)
        except BaseException:
            _stop(process)
            raise


def private(log: Path) -> TextIO:
    """A log that goes on where it ended, its owner's alone."""
    for folder in (log.parent.parent, log.parent):  # mkdir gives the mode to the last one only
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8")


def _started(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """In a group of its own: Ctrl-C in the terminal reaches it once, through us."""
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
    )


def _stop(process: subprocess.Popen[str]) -> None:
    """SIGINT to the group; who does not end on it is killed."""
    for told in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, told)
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(STOP_TIMEOUT)
            return


def _clean(line: str) -> str:
    return _KEYS.sub("[hidden]", _COLOURS.sub("", line)).rstrip()
