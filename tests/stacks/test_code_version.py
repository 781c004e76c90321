"""Which code a stage runs: as it says itself, and as an operator's twbot would deploy it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stacks import version
from stacks.version import BESIDES, code_version
from tests.stacks.templates import Templates


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The code at another place, as an installed twbot has it."""
    root = tmp_path / "twbot"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(version.ROOT / "lambdas", root / "lambdas", ignore=ignored)
    for name in BESIDES:
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(version.ROOT / name, root / name)
    monkeypatch.setattr(version, "ROOT", root)
    monkeypatch.setattr(version, "_OPERATING", root / "lambdas" / "operating")
    return root


def again() -> str:
    return code_version.__wrapped__()


def test_the_same_code_is_the_same_version_wherever_it_is(elsewhere: Path) -> None:
    """In a checkout and installed, with or without what Python compiled."""
    (elsewhere / "lambdas" / "__pycache__").mkdir()
    (elsewhere / "lambdas" / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert again() == code_version()


@pytest.mark.parametrize("name", ["lambdas/x_api.py", "lambdas/responding/chatbot.json", *BESIDES])
def test_other_code_is_another_version(elsewhere: Path, name: str) -> None:
    """Handlers, what they read, the map, the workflow, the packages."""
    with (elsewhere / name).open("a") as file:
        file.write("\n")
    assert again() != code_version()


def test_what_only_operators_use_does_not_count(elsewhere: Path) -> None:
    """No function holds it: there is nothing to deploy."""
    (elsewhere / "lambdas" / "operating" / "vitals.py").write_text("")
    assert again() == code_version()


def test_a_stage_says_its_version(prod: Templates) -> None:
    """As an output of the Plumbing stack."""
    assert prod.by_service["plumbing"]["Outputs"]["CodeVersion"]["Value"] == code_version()
