"""Processes of a trial: started in a session of their own, watched, killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from tests.support.paths import ROOT

START_SECONDS = 120.0


class DidNotStart(Exception):
    """The process ended, or said nothing in time. The text is what it wrote."""


class Process:
    """A Python process that writes one line of JSON when it is ready."""

    def __init__(self, *arguments: str, folder: Path, log: Path, environment: Mapping[str, str]) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid
        # A process that ended must not stay in the table: others ask there whether it runs.
        threading.Thread(target=self._process.wait, daemon=True).start()

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ready(self, seconds: float = START_SECONDS) -> str:
        """Return the line of JSON. Raises DidNotStart."""
        deadline = time.monotonic() + seconds
        while True:
            ended = not self.is_alive
            for line in self.said.splitlines():
                if line.startswith("{") and '"error"' not in line:
                    return line
            if ended or time.monotonic() > deadline:
                raise DidNotStart(f"exit code {self._process.poll()}: {self.said[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait()

    def stop(self, seconds: float = 60.0) -> int:
        """SIGTERM. Return the exit code; a process that does not end is killed, and raises TimeoutExpired."""
        self._process.terminate()
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def children(self, named: str) -> list[int]:
        """Return the children with this in their command line."""
        found: list[int] = []
        for listed in Path(f"/proc/{self.pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                children = map(int, listed.read_text().split())
                found += [each for each in children if named.encode() in Path(f"/proc/{each}/cmdline").read_bytes()]
        return found

    def peak_memory(self) -> int:
        """Return the most memory that the process had so far, in bytes; 0 where the system does not tell."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        return 0


def environment_for(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment with nothing of the caller's twbot, and a HOME in the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TWBOT_", "AWS_"))}
    home = folder / "home"
    home.mkdir(exist_ok=True)
    own = {"HOME": str(home), "NO_COLOR": "1", "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**kept, **own, "PYTHONPATH": str(ROOT), **more}


def processes_of(folder: Path) -> list[int]:
    """Return the processes that name the folder in their command line. None where the system does not tell."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.fsencode(folder) in (entry / "cmdline").read_bytes() and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found
