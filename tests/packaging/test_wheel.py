"""The wheel, as somebody installs it: not the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.paths import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def test_installs_one_top_level_name(wheel: Path) -> None:
    """`pip install twbot` puts one name, twbot, among the site packages."""
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"twbot"}


def test_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """The command works from the installed wheel alone, with its SQL, workflow and chatbot inside."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "TWBOT_HOME": str(tmp_path / "data")}
    command = [sys.executable, "-P", "-m", "twbot", "query", "--json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"celebrities"' in done.stdout
