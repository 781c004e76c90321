"""The templates, synthesized once for all workers, in a process without an AWS account, credentials or network."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import msgspec

from tests.support.paths import ROOT
from tests.support.templates import Templates


def synthesized_once(base: Path) -> Path:
    """A folder with a cloud assembly for each stage of tests/support/synthesize.py. `base`: that all workers share."""
    folder = base / "assemblies"
    with (base / "assemblies.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            folder.mkdir(exist_ok=True)
            _synthesize(folder)
            (folder / "done").touch()
    return folder


def _synthesize(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.support.synthesize", str(folder)]
    environment = bare_environment(folder, cache=folder.parent / "cache")
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]


def bare_environment(home: Path, *, cache: Path) -> dict[str, str]:
    """Nothing of AWS, no home with credentials, and a proxy that leads nowhere. `cache`: where bundles are kept."""
    nowhere = "http://127.0.0.1:9"
    proxies = {"HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere}
    settings = {"TWBOT_BUNDLES": "installed", "XDG_CACHE_HOME": str(cache)}
    settings["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] = str(cache / "jsii")  # else CDK is unpacked again in each home
    return {"PATH": os.defpath, "HOME": str(home), "LANG": "C.UTF-8", **settings, **proxies}


def read(assemblies: Path, stage: str) -> Templates:
    found = sorted((assemblies / stage).glob("*.template.json"))
    return Templates({path.name.partition("-")[0].lower(): msgspec.json.decode(path.read_bytes()) for path in found})
