""".ci/run, beside programs that only note how they were called."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT


def run(folder: Path, **programs: str) -> tuple[int, list[str], str]:
    """Run it where only these programs are on PATH. Return the exit code, the calls and what it said on stderr."""
    calls = folder / "calls"
    calls.touch()
    for name, body in programs.items():
        path = folder / name.replace("_", "-")
        path.write_text(f'#!/bin/sh\necho "{path.name} $* CI=$CI" >> "{calls}"\n{body}\n')
        path.chmod(0o755)
    for name in ("bash", "dirname"):
        (folder / name).symlink_to(shutil.which(name) or "")
    done = subprocess.run(
        [ROOT / ".ci/run"], env={"PATH": str(folder)}, capture_output=True, text=True, check=False, cwd=folder
    )
    return done.returncode, calls.read_text().splitlines(), done.stderr


@pytest.mark.parametrize("name", ["chromium", "chromium_browser", "google_chrome"])
def test_with_a_browser_it_tests_at_once(tmp_path: Path, name: str) -> None:
    """It tests with CI=true, and installs nothing."""
    assert run(tmp_path, make="", **{name: ""}) == (0, ["make test CI=true"], "")


def test_without_one_root_installs_it(tmp_path: Path) -> None:
    """Debian's package is installed before the tests, and a font, which it does not bring along."""
    code, calls, said = run(tmp_path, make="", id="echo 0", apt_get="")
    installed = "apt-get install -qq --no-install-recommends chromium fonts-dejavu-core CI=true"
    assert (code, calls[1:], said) == (
        0,
        ["apt-get update -qq CI=true", installed, "make test CI=true"],
        ".ci/run: installing chromium, for tests/browser\n",
    )


@pytest.mark.parametrize(
    "programs",
    [{"id": "echo 1000", "apt_get": ""}, {"id": "echo 0"}, {"id": "echo 0", "apt_get": "exit 100"}],
    ids=["not root", "no apt-get", "it fails"],
)
def test_where_it_cannot_be_installed_it_says_so(tmp_path: Path, programs: dict[str, str]) -> None:
    """All else is tested: the tests in a browser are skipped, not failed, and it says which package they need."""
    code, calls, said = run(tmp_path, make="", **programs)
    assert (code, calls[-1]) == (0, "make test CI=")
    assert "SKIPPED. Install the package chromium" in said
