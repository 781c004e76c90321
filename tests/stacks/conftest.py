"""The templates, synthesized once for all workers, in a process without an AWS account, credentials or network."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.stacks.templates import Templates

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cloud assembly for each stage of tests/stacks/synthesize.py."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "assemblies"
    with (base.parent / "assemblies.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            folder.mkdir(exist_ok=True)
            _synthesize(folder)
            (folder / "done").touch()
    return folder


def _synthesize(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.stacks.synthesize", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=bare_environment(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]


def bare_environment(home: Path) -> dict[str, str]:
    """Nothing of AWS, no home with credentials, and a proxy that leads nowhere."""
    nowhere = "http://127.0.0.1:9"
    proxies = {"HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere}
    return {"PATH": os.defpath, "HOME": str(home), "LANG": "C.UTF-8", "TWBOT_BUNDLES": "installed", **proxies}


@pytest.fixture(scope="session")
def prod(assemblies: Path) -> Templates:
    return read(assemblies, "prod")


@pytest.fixture(scope="session")
def dev(assemblies: Path) -> Templates:
    return read(assemblies, "dev")


@pytest.fixture(scope="session")
def bare(assemblies: Path) -> Templates:
    return read(assemblies, "bare")


@pytest.fixture(params=["prod", "dev", "bare"])
def any_stage(request: pytest.FixtureRequest, assemblies: Path) -> Templates:
    return read(assemblies, request.param)


def read(assemblies: Path, stage: str) -> Templates:
    found = sorted((assemblies / stage).glob("*.template.json"))
    return Templates({path.name.partition("-")[0].lower(): msgspec.json.decode(path.read_bytes()) for path in found})
