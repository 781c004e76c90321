"""The bots in examples/ do what their conversations say on this machine, and are templates and bundles for AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.assemblies import bare_environment
from tests.support.paths import ROOT

EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/twbot.toml"))
of_each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)


def twbot(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "twbot", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_there_are_three() -> None:
    assert [each.name for each in EXAMPLES] == ["newsroom", "photos", "support"]


@of_each_example
def test_nothing_is_wrong_with_it(example: Path) -> None:
    done = twbot(example, "check", "--json")
    assert [each for each in json.loads(done.stdout)["findings"] if each["level"] == "wrong"] == []


@of_each_example
def test_it_says_what_its_conversations_expect(example: Path) -> None:
    """On the real pipeline, with the real models and a simulated X."""
    done = twbot(example, "test", "--json")
    assert done.returncode == 0, done.stdout + done.stderr


@of_each_example
def test_its_own_tests_pass(example: Path) -> None:
    """Functions are plain: they are tested like any other."""
    if not [*example.glob("tests/test_*.py")]:
        pytest.skip("it has conversations alone")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(example), "tests"]
    environment = {**os.environ, "PYTHONPATH": str(example)}
    done = subprocess.run(command, cwd=example, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@of_each_example
def test_it_is_templates_and_bundles_for_aws(example: Path, tmp_path: Path, shared: Path) -> None:
    """Without an account: its functions with the packages of its lock, its rules, and what is its own beside ours."""
    environment = bare_environment(tmp_path, cache=shared / "cache")
    done = twbot(
        example, "synth", "--stage", "prod", "--output", str(tmp_path / "out"), "--json", environment=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    templates = {path.name.partition("-prod")[0] for path in (tmp_path / "out").glob("*.template.json")}
    own = {"newsroom": {"Own", "Newsroom"}, "support": {"Own"}, "photos": set()}[example.name]
    assert templates == {"Plumbing", "Ingress", "Analysis", "Alerting", "Responding", "Egress", "Analytics", *own}
