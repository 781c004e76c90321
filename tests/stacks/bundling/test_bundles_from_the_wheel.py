"""Bundles made by an installed twbot: the wheel brings our code and the lock that its packages are pinned in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from twbot.stacks.bundling.bundle import INSTALLED, bundle
from twbot.stacks.bundling.packages import closure, pinned
from twbot.stacks.functions import FUNCTIONS

ASK = """
import json, sys
from twbot.stacks.bundling import bundle, packages
from twbot.stacks.functions import FUNCTIONS
wanted = {name: packages.closure(function.packages) for name, function in FUNCTIONS.items()}
print(json.dumps({
    "from": bundle.__file__,
    "pins": {name: [*packages.pinned(names)] for name, names in wanted.items()},
    "digest": bundle.bundle("download", bundle.INSTALLED).digest,
}))
"""


def test_an_installed_twbot_makes_the_bundles_of_its_checkout(wheel: Path, tmp_path: Path) -> None:
    """The same pins with the same hashes, and of the same packages the same bytes."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {
        **{name: value for name, value in os.environ.items() if name != "TWBOT_BUNDLES"},
        "PYTHONPATH": str(tmp_path / "site"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    command = [sys.executable, "-P", "-c", ASK]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    assert Path(said["from"]).is_relative_to(tmp_path)
    wanted = {name: [*pinned(closure(function.packages))] for name, function in FUNCTIONS.items()}
    assert said["pins"] == wanted
    assert said["digest"] == bundle("download", INSTALLED).digest
