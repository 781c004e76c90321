"""Every environment variable that twbot reads is declared once."""

from __future__ import annotations

import re

from tests.support.paths import ROOT
from twbot.lambdas.environment import VARIABLES

FOLDERS = ("cli", "lambdas", "local", "stacks", "src/twbot")
NAMES = {each.name for each in VARIABLES}


def test_none_is_read_that_is_not_declared() -> None:
    """A name that the code spells is the declaration's: `twbot config list` and docs/environment.md know it."""
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"_?TWBOT_[A-Z_]+", path.read_text())
        if name not in NAMES
    }
    assert found == set()


def test_each_is_read_by_its_declaration() -> None:
    """No string of the code repeats a name, and none is declared that nobody reads."""
    code = {
        path: path.read_text()
        for folder in ("cli", "lambdas", "local", "stacks", "src/twbot")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.name != "environment.py"
    }
    ours = {each.name for each in VARIABLES if "TWBOT_" in each.name}
    repeated = [
        f"{path.relative_to(ROOT)}: {name}" for path, text in code.items() for name in ours if f'"{name}"' in text
    ]
    assert repeated == []
    for constant in re.findall(r"^([A-Z_]+) = Variable", (ROOT / "lambdas/environment.py").read_text(), re.MULTILINE):
        assert any(re.search(rf"\b{constant}\.name", text) for text in code.values()), constant
    assert len(NAMES) == len(VARIABLES)
