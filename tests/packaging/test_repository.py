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


LARGE = 1_000_000
MODELS = ROOT / "local" / "models" / "data"
MAX_MODELS = 30_000_000
"""Bytes of all models' data together."""


def test_the_repository_stays_quick_to_clone() -> None:
    """Large files are models only: of 8 bits, made by scripts from packages that pip can't install for us, or too much.

    See docs/decisions/0023-models-of-the-repository.md
    """
    assert [path for path in tracked() if path.stat().st_size > LARGE and not path.is_relative_to(MODELS)] == []
    assert sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file()) < MAX_MODELS


def test_whose_each_file_of_the_models_is() -> None:
    """The data folder's table names every file, and a licence that is there or ourselves."""
    lines = [line for line in (MODELS / "README.md").read_text().splitlines() if line.startswith("| `")]
    names = [name for line in lines for name in re.findall(r"`([^`]+)`", line.split("|")[1])]
    for path in tracked():
        if path.is_relative_to(MODELS) and path.suffix != ".LICENSE" and path.name != "README.md":
            assert any(path.match(name) for name in names), path.name
    for line in lines:
        whose = line.split("|")[3]
        licences = re.findall(r"`([^`]+\.LICENSE)`", whose)
        assert whose.strip().startswith("ours") or licences, line
        assert all((MODELS / name).exists() for name in licences), line


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


def test_json_of_odd_bytes_is_expected_wherever_it_is_decoded() -> None:
    """msgspec raises UnicodeDecodeError for bytes that are no UTF-8 within a string, which is no DecodeError."""
    clauses = [
        (path.name, clause)
        for folder in ("cli", "lambdas", "local", "stacks")
        for path in (ROOT / folder).rglob("*.py")
        for clause in re.findall(r"except (.*msgspec\.DecodeError.*):", path.read_text(encoding="utf-8"))
    ]
    assert clauses
    assert [each for each in clauses if "UnicodeDecodeError" not in each[1]] == []
