"""Where and on what something was measured: what a page of figures says first."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

from tests.support.paths import ROOT


def machine() -> str:
    """Return the machine in a line: cores, processor, memory and kernel."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = "an unknown processor"
    if (cpus := Path("/proc/cpuinfo")).exists() and (found := re.search(r"model name\s*: (.+)", cpus.read_text())):
        model = found[1]
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GB, {platform.system()} {platform.release()}"


def commit_of_checkout() -> str:
    """Return the commit's short id, with a plus sign where files differ from it."""
    command = ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
