"""How long `make check` and `make test` take on this machine: python -m tests.bench.loop"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

from tests.support.paths import ROOT

GOALS = {"check": 60, "test": 240}


def main() -> None:
    for target, seconds in GOALS.items():
        began, used = time.monotonic(), _cpu_seconds()
        done = subprocess.run(["make", target], cwd=ROOT, capture_output=True, text=True, check=False)
        figure = f"{time.monotonic() - began:.0f} s, {_cpu_seconds() - used:.0f} s of CPU (aim: below {seconds} s)"
        sys.stdout.write(f"{f'make {target}':<44} {figure}{' FAILED' if done.returncode else ''}\n")
        sys.stdout.flush()


def _cpu_seconds() -> float:
    """Of the children that have ended, and theirs."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


if __name__ == "__main__":
    main()
