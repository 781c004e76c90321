"""The hosting service's workflows, the hooks and the dev container: least permissions, and what they call is there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.support.paths import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@(v\d+(\.\d+)*|release/v\d+|[0-9a-f]{40})")


def jobs(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / ".github/workflows" / name).read_text())["jobs"]
    return found


def commands() -> Iterator[str]:
    """What the workflows, the hooks and the dev container run, one line each."""
    for path in WORKFLOWS:
        for job in jobs(path.name).values():
            for step in job["steps"]:
                yield from step.get("run", "").splitlines()
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]:
        assert repository["repo"] == "local"
        yield from (hook["entry"] for hook in repository["hooks"])
    yield json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())["postCreateCommand"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_permissions_least(path: Any) -> None:
    """A workflow may read at most; a job that may write says which, and runs nothing of the checkout."""
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for job in workflow["jobs"].values():
        used = [step["uses"] for step in job["steps"] if "uses" in step]
        assert not [action for action in used if not PINNED.fullmatch(action)]
        if "write" in job.get("permissions", {}).values():
            assert not [step for step in job["steps"] if "run" in step]
            assert not [action for action in used if action.startswith("actions/checkout@")]


def test_expressions_stay_out_of_scripts() -> None:
    """A branch's name must not become part of a command."""
    assert not [line for line in commands() if "${{" in line]


def test_what_they_call_is_there() -> None:
    """Each target is in the Makefile, each script is executable, each path exists."""
    makefile = (ROOT / "Makefile").read_text()
    for line in commands():
        words = line.split()
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE)
        if words[0].startswith(".ci/"):
            assert os.access(ROOT / words[0], os.X_OK)
        assert not [word for word in words if re.match(r"(src|tests)/", word) and not (ROOT / word).exists()]


def test_nothing_is_published_that_was_not_tested_and_attested() -> None:
    """The release is a chain: build and test, attest, publish."""
    release = jobs("release.yml")
    assert (release["attest"]["needs"], release["publish"]["needs"]) == ("build", "attest")
    assert release["publish"]["permissions"] == {"id-token": "write"}
    assert ".ci/wheel" in [step.get("run") for step in release["build"]["steps"]]
