"""A figure of `make bench`, and the CPU time of other processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Figure(NamedTuple):
    """One line of docs/benchmarks.md."""

    what: str
    measured: str
    aim: str = ""


def say(figure: Figure) -> Figure:
    """Print a figure as soon as there is one, and return it."""
    aim = f" (aim: {figure.aim})" if figure.aim else ""
    sys.stdout.write(f"{figure.what:<48} {figure.measured}{aim}\n")
    sys.stdout.flush()
    return figure


def cpu_of(*arguments: str) -> float:
    """Milliseconds of CPU that this Python takes with these arguments. Raises SystemExit where it fails."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments} ended with {process.returncode}")
    return (used.ru_utime + used.ru_stime) * 1000


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU that a process has used, by Linux's /proc; 0 on other systems."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: utime and stime, after the name in parentheses
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def medians(rounds: int, **measures: Callable[[], float]) -> dict[str, float]:
    """The median of each measure. They take turns: what else runs on the machine meets all of them."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return {name: statistics.median(values) for name, values in found.items()}
