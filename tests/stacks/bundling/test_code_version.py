"""Which code a stage runs: as it says itself, and as an operator's twbot would deploy it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.own_folder import write_own_folder
from tests.support.templates import Templates
from twbot.lambdas.folder.folder import VARIABLE
from twbot.stacks.bundling import bundle
from twbot.stacks.functions import FUNCTIONS
from twbot.stacks.version import BESIDES, code_version

SHIPPED = {name for each in FUNCTIONS.values() for name in bundle.closure([each.entry], bundle.ours())}


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The code at another place, as an installed twbot has it."""
    for name in {*bundle.ours(), *BESIDES}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(bundle.ROOT / name, tmp_path / name)
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    return tmp_path


def again() -> str:
    return code_version.__wrapped__()


def test_the_same_code_is_the_same_version_wherever_it_is(elsewhere: Path) -> None:
    """In a checkout and installed, with or without what Python compiled."""
    (elsewhere / "twbot/lambdas/__pycache__").mkdir()
    (elsewhere / "twbot/lambdas/__pycache__/x.pyc").write_bytes(b"x")
    assert again() == code_version()


def test_what_a_stage_runs_counts(elsewhere: Path) -> None:
    """Each file of ours in a bundle, the rules, the workflow, the table of functions, the packages."""
    known = {again()}
    for name in sorted(SHIPPED | set(BESIDES)):
        with (elsewhere / name).open("a") as file:
            file.write("\n")
        known.add(again())
    assert len(known) == 1 + len(SHIPPED | set(BESIDES))


def test_what_no_bundle_holds_does_not_count(elsewhere: Path) -> None:
    """Operators' code changes without a deployment."""
    others = bundle.ours().keys() - SHIPPED - set(BESIDES)
    assert others
    for name in others:
        (elsewhere / name).write_text("")
    assert again() == code_version()


def test_a_stage_says_its_version(prod: Templates) -> None:
    """As an output of the Plumbing stack."""
    assert prod.by_service["plumbing"]["Outputs"]["CodeVersion"]["Value"] == code_version()


def test_what_a_bot_s_folder_deploys_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tables, its code and its lock; not its photos."""
    folder = write_own_folder(tmp_path)
    shipped = again()
    monkeypatch.setenv(VARIABLE, str(folder))
    known = [again()]
    assert known[0] != shipped
    for name in ("bot/crm.py", "twbot.lock", "bot/people/Ada Lovelace/1.jpg"):
        with (folder / name).open("a") as file:
            file.write("# more\n")
        known.append(again())
    assert len(set(known)) == 3
    assert known[-1] == known[-2]
