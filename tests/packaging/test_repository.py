"""What must not stand in the repository."""

from __future__ import annotations

import re
import shutil
import subprocess
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
