"""`twbot up --reload`: runs the bot in a process of its own, and starts it anew when its folder changed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from twbot.cli.check.chatbots import check_chatbots
from twbot.cli.check.findings import Finding, Findings
from twbot.cli.check.functions import check_functions
from twbot.cli.check.patterns import check_patterns
from twbot.cli.check.rules import check_rules
from twbot.cli.check.sources import read_sources
from twbot.cli.check.tables import Tables, check_as_it_runs
from twbot.cli.ui.console import say
from twbot.lambdas.folder.folder import FILE
from twbot.local.child_python import import_path

LOOK_SECONDS = 1.0  # between two looks at the folder
SETTLE_SECONDS = 0.2  # an editor writes several files, one after the other

# A file's time of change and its size, by its path.
State = dict[str, tuple[int, int]]


def state_of(folder: Path) -> State:
    """Return what shows that twbot.toml or something in bot/ changed. What editors and Python put beside it is none."""
    found: State = {}
    for path in (folder / FILE, *(folder / "bot").rglob("*")):
        within = path.relative_to(folder).parts
        if "__pycache__" in within or any(part.startswith(".") or part.endswith("~") for part in within):
            continue
        with contextlib.suppress(OSError):  # not there, or gone meanwhile
            status = path.stat()
            if not path.is_dir():
                found[str(path)] = (status.st_mtime_ns, status.st_size)
    return found


def faults_of(folder: Path) -> list[Finding]:
    """Return what keeps a bot from running as the folder says."""
    findings = Findings(folder)
    tables, sources = Tables(folder, findings), read_sources(folder)
    published = [*((tables.events and tables.events.value) or {}), *(each.type for each in sources.publications)]
    check_rules(tables, sources, findings)
    check_patterns(tables, published, findings)
    check_chatbots(tables, findings)
    check_functions(tables.functions(), folder, findings)
    check_as_it_runs(tables, findings)
    return [each for each in findings.all() if each.level == "wrong"]


class Reloader:
    """Runs a command, and again when the folder changed and is in order."""

    def __init__(
        self, folder: Path, command: Sequence[str], *, faults: Callable[[Path], list[Finding]] = faults_of
    ) -> None:
        self._folder, self._command, self._faults = folder, command, faults
        self._stopping = threading.Event()
        self._process = self._start()

    def run(self, *, look: float = LOOK_SECONDS, settle: float = SETTLE_SECONDS) -> int:
        """Return the exit code of the command once it ended by itself, or was stopped: Ctrl-C and SIGTERM stop both."""
        former = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            return self._run(look, settle)
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    def _run(self, look: float, settle: float) -> int:
        seen, is_restarted = state_of(self._folder), False
        while True:
            code = self._ended_within(look)
            if code is not None and (code == 0 or self._stopping.is_set() or not is_restarted):
                return code
            if (now := self._settled(seen, settle)) == seen:
                continue
            changed, seen = _names(seen, now, self._folder), now
            if self._is_in_order(changed):
                self._restart()
                is_restarted = True

    def _ended_within(self, seconds: float) -> int | None:
        if self._process.poll() is not None:  # it did not start as the folder is: the next change may mend that
            self._stopping.wait(seconds)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def _settled(self, seen: State, seconds: float) -> State:
        """Return the folder's state; where it changed, once it changes no more."""
        now = state_of(self._folder)
        while now != seen and not self._stopping.wait(seconds) and (later := state_of(self._folder)) != now:
            now = later
        return now

    def _is_in_order(self, changed: str) -> bool:
        found = self._faults(self._folder)
        for each in found:
            say(f"{each.place}: {each.says}" + (f" {each.hint}" if each.hint else ""))
        if found:
            say(f"{changed} changed, and is not in order: the bot runs on as it was.")
        else:
            say(f"{changed} changed: the bot starts anew …")
        return not found

    def _restart(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()
        if not self._stopping.is_set():
            self._process = self._start()
            if self._stopping.is_set():  # meanwhile
                self._process.terminate()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": import_path()}
        return subprocess.Popen(self._command, env=environment)  # noqa: S603 - our own command

    def _stop(self, number: int, *_: object) -> None:
        self._stopping.set()
        # A terminal sends Ctrl-C to both.
        if number == signal.SIGTERM or not _is_in_foreground():
            self._process.send_signal(number)


def _is_in_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def _names(before: State, now: State, folder: Path) -> str:
    """Return the name of a file that changed, and how many more there are."""
    changed = sorted(path for path in {*before, *now} if before.get(path) != now.get(path))
    first = str(Path(changed[0]).relative_to(folder))
    return first if len(changed) == 1 else f"{first} and {len(changed) - 1} more"
