"""What must not stand in the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="what is tracked, git knows"
)


def tracked() -> list[Path]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_index_address_and_no_path_of_a_machine() -> None:
    """Whoever clones this reads from their own package index, and nothing of the machine it was written on."""
    hosts = ["py" + "pi.org", "python" + "hosted", "registry." + "npmjs", "/" + "work/main", "/" + "root/"]
    pattern = re.compile("|".join(map(re.escape, hosts)).encode())
    assert not [str(path) for path in tracked() if pattern.search(path.read_bytes())]


def test_no_large_file() -> None:
    """Weights and data come from packages; the repository stays quick to clone."""
    assert not [str(path) for path in tracked() if path.stat().st_size > 1_000_000]


def test_a_clone_without_symbolic_links_says_what_to_do(tmp_path: Path) -> None:
    """Git writes a text file for a link where links are switched off: the import names the option."""
    clone = [
        "git",
        "clone",
        "--quiet",
        "--depth",
        "1",
        "-c",
        "core.symlinks=false",
        ROOT.as_uri(),
        str(tmp_path / "bot"),
    ]
    subprocess.run(clone, check=True, capture_output=True)
    assert (tmp_path / "bot/src/twbot/lambdas").read_text() == "../../lambdas"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "bot/src")}
    command = [sys.executable, "-P", "-c", "import twbot"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Clone again: git clone -c core.symlinks=true" in done.stderr


def test_every_link_of_the_package_is_tracked_as_one() -> None:
    """src/twbot/ holds links to the folders, which git keeps as links and not as copies."""
    listed = subprocess.run(
        ["git", "ls-files", "-s", "src/twbot"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    links = {line.split("\t")[1] for line in listed.stdout.splitlines() if line.startswith("120000")}
    expected = {"app.py", "cdk.json", "cli", "lambdas", "local", "queries", "requirements", "stacks"}
    assert links == {f"src/twbot/{name}" for name in expected}
