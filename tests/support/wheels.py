"""The wheel, built once for all workers."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT


def built_once(base: Path) -> Path:
    """The wheel of this checkout. `base`: a folder that all workers share."""
    folder = base / "wheel"
    with (base / "wheel.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            build("wheel", folder.with_suffix(".part"))
            folder.with_suffix(".part").rename(folder)
    return next(folder.glob("*.whl"))


def build(target: str, folder: Path, environment: dict[str, str] | None = None) -> Path:
    """Build the target (wheel or sdist) into the folder; its file."""
    command = [sys.executable, "-m", "build", f"--{target}", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(path for path in folder.iterdir() if path.name.endswith((".whl", ".tar.gz")))
